package answer_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/starter/answer"
	"curfew/workflows/contract"
)

func TestOnlyAFaultOfOurOwnIsAnInternalError(t *testing.T) {
	t.Parallel()
	for _, kind := range contract.Kinds() {
		own := kind == contract.KindInternal
		require.Equal(t, own, answer.Status(kind) == http.StatusInternalServerError, kind)
	}
}

func TestACallerDoesNotSeeWhatOnlyTheLogShouldKnow(t *testing.T) {
	t.Parallel()

	problem, status := answer.Problem(errors.New("dial tcp 10.0.0.7:5432: password of curfew refused"))

	require.Equal(t, http.StatusInternalServerError, status)
	require.NotContains(t, problem.Error(), "10.0.0.7")
}
