package vendorcontract_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/vendorcontract"
)

// exchange is one request to a shop that always gives the same answer.
type exchange struct {
	method, path, body string
	status             int
	answer             string
}

// violations plays an exchange through the contract and returns what was reported.
func violations(t *testing.T, contract *vendorcontract.Contract, play exchange) []error {
	t.Helper()
	var found []error
	handler := contract.Wrap(func(err error) { found = append(found, err) },
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || string(body) != play.body {
				found = append(found, err)
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(play.status)
			_, _ = io.WriteString(w, play.answer)
		}))
	request := httptest.NewRequestWithContext(t.Context(), play.method, play.path, strings.NewReader(play.body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	require.Equal(t, play.status, recorder.Code, "the reply passes unchanged")
	require.Equal(t, play.answer, recorder.Body.String(), "the reply passes unchanged")
	return found
}

const order = `{"id":"1","at":"2026-01-02T03:04:05Z"}`

// The tests set an environment variable, so they can't run in parallel.

// shops are the same contract in two versions of OpenAPI, for which the library has two validators.
func shops(t *testing.T, try func(t *testing.T, contract *vendorcontract.Contract)) {
	t.Helper()
	t.Setenv(vendorcontract.FolderVariable, "testdata")
	for _, document := range []string{"shop.openapi.json", "shop-3.1.openapi.json"} {
		contract, err := vendorcontract.Load(document)
		require.NoError(t, err)
		t.Run(document, func(t *testing.T) { try(t, contract) })
	}
}

func TestExchangesThatKeepTheContractPass(t *testing.T) {
	shops(t, requireKept)
}

func requireKept(t *testing.T, contract *vendorcontract.Contract) {
	for name, play := range map[string]exchange{
		"list":                           {"GET", "/shop/api/orders?page=1", "", 200, "[" + order + "]"},
		"without the context path":       {"GET", "/api/orders", "", 200, "[]"},
		"create":                         {"POST", "/shop/api/orders", `{"what":"tea"}`, 201, order},
		"declared error":                 {"POST", "/shop/api/orders", `{"what":"tea"}`, 409, `{"message":"twice"}`},
		"undeclared error":               {"GET", "/shop/api/orders", "", 401, `{"anything":1}`},
		"error with success's schema":    {"POST", "/shop/api/orders", `{"what":"tea"}`, 400, `{"message":"no tea"}`},
		"no content, in spite of a body": {"DELETE", "/shop/api/orders/1", "", 204, ""},
	} {
		t.Run(name, func(t *testing.T) { require.Empty(t, violations(t, contract, play)) })
	}
}

func TestExchangesThatBreakTheContractAreReported(t *testing.T) {
	shops(t, requireBroken)
}

func requireBroken(t *testing.T, contract *vendorcontract.Contract) {
	for name, tc := range map[string]struct {
		play exchange
		want string
	}{
		"no such path":               {exchange{"GET", "/shop/api/users", "", 200, "[]"}, "no such operation"},
		"no such method":             {exchange{"PUT", "/shop/api/orders", "", 200, "[]"}, "no such operation"},
		"misspelt query parameter":   {exchange{"GET", "/shop/api/orders?pages=1", "", 200, "[]"}, `"pages"`},
		"wrong query parameter":      {exchange{"GET", "/shop/api/orders?page=-1", "", 200, "[]"}, "page"},
		"request without a field":    {exchange{"POST", "/shop/api/orders", `{}`, 201, order}, "what"},
		"body where none belongs":    {exchange{"DELETE", "/shop/api/orders/1", `{}`, 204, ""}, "the request"},
		"reply without a field":      {exchange{"POST", "/shop/api/orders", `{"what":"tea"}`, 201, `{"id":"1"}`}, "at"},
		"reply with a wrong time":    {exchange{"GET", "/shop/api/orders", "", 200, `[{"id":"1","at":"2026-01-02T03:04:05.000+0000"}]`}, "date-time"},
		"undeclared success":         {exchange{"GET", "/shop/api/orders", "", 202, "[]"}, "status"},
		"declared error, wrong body": {exchange{"POST", "/shop/api/orders", `{"what":"tea"}`, 409, `{}`}, "message"},
	} {
		t.Run(name, func(t *testing.T) {
			found := violations(t, contract, tc.play)
			require.Len(t, found, 1)
			require.ErrorContains(t, found[0], tc.want)
			require.ErrorContains(t, found[0], tc.play.method)
		})
	}
}

func TestJirasTimesNeedNoColon(t *testing.T) {
	t.Setenv(vendorcontract.FolderVariable, "testdata")
	contract, err := vendorcontract.Load("jira-shop.openapi.json")
	require.NoError(t, err)
	play := exchange{"GET", "/shop/api/orders", "", 200, `[{"id":"1","at":"2026-01-02T03:04:05.000+0000"}]`}
	require.Empty(t, violations(t, contract, play))
	play.answer = `[{"id":"1","at":"yesterday"}]`
	require.Len(t, violations(t, contract, play), 1)
}

func TestOperationsThatAreNotListedBreakTheContract(t *testing.T) {
	t.Setenv(vendorcontract.FolderVariable, "testdata")
	contract, err := vendorcontract.Load("shop.openapi.json", "GET /orders")
	require.NoError(t, err)
	require.Empty(t, violations(t, contract, exchange{"GET", "/shop/api/orders", "", 200, "[]"}))
	require.Len(t, violations(t, contract, exchange{"POST", "/shop/api/orders", `{"what":"tea"}`, 201, order}), 1)

	_, err = vendorcontract.Load("shop.openapi.json", "GET /orders", "GET /users")
	require.ErrorContains(t, err, "GET /users")
}

func TestAnAbsentDocumentIsToldFromABrokenOne(t *testing.T) {
	t.Setenv(vendorcontract.FolderVariable, "testdata")
	_, err := vendorcontract.Load("none.openapi.json")
	require.ErrorIs(t, err, vendorcontract.ErrAbsent)
	require.ErrorContains(t, err, vendorcontract.FolderVariable)

	t.Setenv(vendorcontract.FolderVariable, ".")
	_, err = vendorcontract.Load("load.go")
	require.Error(t, err)
	require.NotErrorIs(t, err, vendorcontract.ErrAbsent)
}

func TestWithoutDocumentsTheHandlerWorksUnchecked(t *testing.T) {
	t.Setenv(vendorcontract.FolderVariable, t.TempDir())
	handler := vendorcontract.Check(t, "shop.openapi.json", http.NotFoundHandler())
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	require.Equal(t, http.StatusNotFound, recorder.Code)
}

func TestVendorsDocumentsLoad(t *testing.T) {
	t.Parallel()
	for document, operations := range map[string][]string{
		"lightrun.openapi.json":              {"GET /api/v1/temp-access"}, // its other operations are not all well-formed
		"jira-cloud-v2.subset.openapi.json":  nil,
		"jira-dc-10.subset.openapi.json":     nil,
		"pagerduty-rest.subset.openapi.json": nil,
		"servicenow-table.openapi.json":      nil,
	} {
		t.Run(document, func(t *testing.T) {
			t.Parallel()
			vendorcontract.Check(t, document, http.NotFoundHandler(), operations...)
		})
	}
}
