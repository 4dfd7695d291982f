package temporal_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/temporal"

	"curfew/internal/testserver/temporal"
	"curfew/workflows/contract"
)

func TestAServerInAFileKnowsItsWorkflowsAfterARestart(t *testing.T) {
	t.Parallel()
	server := temporal.Start(t, temporal.InFile(filepath.Join(t.TempDir(), "temporal.db")))
	before := server.Address
	_, err := server.Client(t).ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "kept", TaskQueue: contract.TaskQueue,
		TypedSearchAttributes: sdk.NewSearchAttributes(contract.KeyState.ValueSet("pending")),
	}, "any")
	require.NoError(t, err)

	server.Restart(t)

	require.Equal(t, before, server.Address)
	kept, err := server.Client(t).DescribeWorkflow(t.Context(), "kept", "")
	require.NoError(t, err)
	state, ok := kept.TypedSearchAttributes.GetKeyword(contract.KeyState)
	require.True(t, ok)
	require.Equal(t, "pending", state)
}

func TestAKilledServerAnswersNobody(t *testing.T) {
	t.Parallel()
	server := temporal.Start(t)
	c := server.Client(t)
	_, err := c.CheckHealth(t.Context(), &client.CheckHealthRequest{})
	require.NoError(t, err)

	server.Kill()
	server.Kill()

	_, err = client.DialContext(t.Context(), client.Options{HostPort: server.Address})
	require.Error(t, err)
}
