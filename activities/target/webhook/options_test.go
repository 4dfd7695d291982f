package webhook_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

func TestAListIsReadToItsLastPage(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, true, secret)
	connector := connect(t, r.url)
	want := []target.Marked{}
	for i := range 5 { // and a page has two
		one := access(t)
		one.Key, one.Account = fmt.Sprintf("%032x", 5-i), r.add(fmt.Sprintf("user %d", i))
		_, err := connector.Grant(t.Context(), one)
		require.NoError(t, err)
		want = append([]target.Marked{{Key: one.Key, Account: one.Account, Until: until}}, want...)
	}
	got, err := connector.(target.Lister).List(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestAPageThatDoesNotSayWhetherThereIsMoreIsNone(t *testing.T) {
	t.Parallel()
	_, err := connect(t, answering(t, `{"accesses":[]}`)).(target.Lister).List(t.Context())
	requireProblem(t, err, contract.KindUnavailable, "no list")
}

func TestAListThatCannotBeTrustedIsNone(t *testing.T) {
	t.Parallel()
	key := func(letter string) string { return strings.Repeat(letter, 32) }
	for name, entries := range map[string]string{
		"out of order":     fmt.Sprintf(`{"key":%q,"account":"a"},{"key":%q,"account":"b"}`, key("b"), key("a")),
		"twice":            fmt.Sprintf(`{"key":%q,"account":"a"},{"key":%[1]q,"account":"a"}`, key("a")),
		"without account":  fmt.Sprintf(`{"key":%q}`, key("a")),
		"with another key": `{"key":"a","account":"a"}`,
		"a strange end":    fmt.Sprintf(`{"key":%q,"account":"a","until":"never"}`, key("a")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := connect(t, answering(t, `{"more":false,"accesses":[`+entries+`]}`)).(target.Lister).List(
				t.Context(),
			)
			requireProblem(t, err, contract.KindUnavailable, "strange answer")
		})
	}
}

func TestAListThatNeverEndsIsGivenUp(t *testing.T) {
	t.Parallel()
	pages := 0
	url := scripted(t, func(w http.ResponseWriter, _ string) {
		pages++
		reply(w, fmt.Sprintf(`{"more":true,"accesses":[{"key":"%032x","account":"a"}]}`, pages))
	})
	_, err := connect(t, url).(target.Lister).List(t.Context())
	requireProblem(t, err, contract.KindUnavailable, "after 100 pages")
	require.Equal(t, 100, pages)
}
