package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/starter/page"
	"curfew/workflows/contract"
)

func TestEveryKindOfProblemHasAStatus(t *testing.T) {
	t.Parallel()
	for _, kind := range contract.Kinds() {
		require.Contains(t, statuses, kind)
		shown, _ := page.Explain(kind.Problem("no").Advise("try"))
		own := kind == contract.KindInternal
		require.Equal(t, own, statuses[kind] == http.StatusInternalServerError, kind)
		require.Equal(t, own, shown == http.StatusInternalServerError, kind)
	}
}
