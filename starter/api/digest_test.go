package api_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/starter/api"
	"curfew/workflows/contract"
)

// A reviewer's yes is for what they were shown, and for nothing that took its place since.
func TestAReviewOfWhatWasNotShownIsRefused(t *testing.T) {
	t.Parallel()
	d := atWork(t)
	own := ownership{requester: "alice", subject: "alice"}
	active := d.bring(t, own, string(contract.StateActive))
	path := "/v1/requests/" + active.ID
	extend := func(reason string) {
		response, body := d.do(
			t,
			"alice",
			http.MethodPost,
			path+"/extensions",
			`{"duration":"5m","reason":"`+reason+`"}`,
		)
		require.Equal(t, http.StatusOK, response.StatusCode, body)
	}
	review := func(verdict, digest string) (*http.Response, string) {
		return d.do(
			t,
			"carol",
			http.MethodPost,
			path+"/reviews",
			`{"verdict":"`+verdict+`","reason":"r","digest":"`+digest+`"}`,
		)
	}
	digest := func() string {
		response, body := d.do(t, "carol", http.MethodGet, path+"/review-subject", "")
		require.Equal(t, http.StatusOK, response.StatusCode, body)
		var subject api.ReviewSubject
		require.NoError(t, json.Unmarshal([]byte(body), &subject))
		return subject.Digest
	}

	extend("one more look")
	first := digest()
	response, body := review("deny", first)
	require.Equal(t, http.StatusOK, response.StatusCode, body)
	extend("something else")

	for _, stale := range []string{first, "00"} {
		response, body := review("approve", stale)
		require.Equal(t, "body.digest", refused(t, response, body, http.StatusConflict).Errors[0].Location)
	}
	require.NotNil(t, d.await(t, active.ID, contract.StateActive).Extension, "it still waits")
	response, body = review("approve", digest())
	require.Equal(t, http.StatusOK, response.StatusCode, body)
}
