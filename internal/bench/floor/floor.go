// Package floor is the least that a Temporal server needs for what Curfew does: bare workflows without policy, seals,
// ledger or read-back, and a worker for them. Measured beside Curfew on the same server, they say what part of a figure
// is the server's.
package floor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// TaskQueue is the bare worker's own.
const TaskQueue = "floor"

// The names of the workflows, and of the update that an approval is.
const (
	LifeWorkflow     = "floor.Life"
	GrantWorkflow    = "floor.Grant"
	DeadlineWorkflow = "floor.Deadline"
	SleepWorkflow    = "floor.Sleep"
	ApproveUpdate    = "approve"
)

// Options of a worker.
type Options struct {
	Temporal string // where the server is, as host:port
	Database string // where members of Role are granted and revoked
	Role     string
}

// Access is who gets the role, and until when or for how long.
type Access struct {
	Account string
	For     time.Duration
	Until   time.Time
	// Approved is how a grant is told to wait for an approval first.
	Approved bool
}

// activities change the target with one statement.
type activities struct {
	database *pgxpool.Pool
	role     string
}

// Grant gives the role.
func (a *activities) Grant(ctx context.Context, account string) error {
	return a.execute(ctx, "GRANT %s TO %s", account)
}

// Revoke takes it away.
func (a *activities) Revoke(ctx context.Context, account string) error {
	return a.execute(ctx, "REVOKE %s FROM %s", account)
}

func (a *activities) execute(ctx context.Context, statement, account string) error {
	_, err := a.database.Exec(ctx, fmt.Sprintf(statement,
		pgx.Identifier{a.role}.Sanitize(), pgx.Identifier{account}.Sanitize()))
	return err
}

// Run works until the context ends.
func Run(ctx context.Context, o Options) error {
	temporal, err := client.DialContext(ctx, client.Options{
		HostPort: o.Temporal, Namespace: contract.Namespace,
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	defer temporal.Close()
	database, err := pgxpool.New(ctx, o.Database)
	if err != nil {
		return err
	}
	defer database.Close()
	w := worker.New(temporal, TaskQueue, worker.Options{})
	for name, bare := range map[string]any{
		LifeWorkflow: life, GrantWorkflow: grant, DeadlineWorkflow: deadline, SleepWorkflow: sleep,
	} {
		w.RegisterWorkflowWithOptions(bare, workflow.RegisterOptions{Name: name})
	}
	w.RegisterActivity(&activities{database: database, role: o.Role})
	if err := w.Start(); err != nil {
		return err
	}
	<-ctx.Done()
	w.Stop()
	return nil
}
