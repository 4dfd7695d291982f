// Package floor is the least that a Temporal server needs for what Curfew does: a bare workflow without policy, seals,
// ledger or read-back, and a worker for it. Measured beside Curfew on the same server, it says what part of a figure is
// the server's.
package floor

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"curfew/internal/testserver/temporal"
)

// Names that the worker and whoever starts the workflow share.
const (
	TaskQueue = "floor"
	Workflow  = "floor.Steps"
	Go        = "go" // the update that Await waits for
)

// Input of the workflow: what it does for an account, one step after the other.
type Input struct {
	Account string
	Steps   []Step
}

// Step is one thing that the workflow does.
type Step struct {
	Do    do
	For   time.Duration // of Sleep
	Until time.Time     // of SleepUntil
}

type do string

const (
	grant      do = "grant"
	revoke     do = "revoke"
	await      do = "await"
	sleep      do = "sleep"
	sleepUntil do = "sleep until"
)

// Grant gives the account the role, in one activity with one statement.
func Grant() Step { return Step{Do: grant} }

// Revoke takes the role away.
func Revoke() Step { return Step{Do: revoke} }

// Await waits for the update Go.
func Await() Step { return Step{Do: await} }

// Sleep is a timer.
func Sleep(lasts time.Duration) Step { return Step{Do: sleep, For: lasts} }

// SleepUntil is a timer too.
func SleepUntil(instant time.Time) Step { return Step{Do: sleepUntil, Until: instant} }

// Options of a worker.
type Options struct {
	Temporal string // where the server is, as host:port
	Database string // where members of Role are granted and revoked
	Role     string
}

// Run works until the context ends.
func Run(ctx context.Context, o Options) error {
	connection, err := temporal.Dial(ctx, o.Temporal)
	if err != nil {
		return err
	}
	defer connection.Close()
	database, err := pgxpool.New(ctx, o.Database)
	if err != nil {
		return err
	}
	defer database.Close()
	w := worker.New(connection, TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(steps, workflow.RegisterOptions{Name: Workflow})
	w.RegisterActivity(&activities{database: database, role: o.Role})
	if err := w.Start(); err != nil {
		return err
	}
	<-ctx.Done()
	w.Stop()
	return nil
}

// activities change the target with one statement.
type activities struct {
	database *pgxpool.Pool
	role     string
}

func (a *activities) Grant(ctx context.Context, account string) error {
	return a.execute(ctx, "GRANT %s TO %s", account)
}

func (a *activities) Revoke(ctx context.Context, account string) error {
	return a.execute(ctx, "REVOKE %s FROM %s", account)
}

func (a *activities) execute(ctx context.Context, statement, account string) error {
	_, err := a.database.Exec(ctx, fmt.Sprintf(statement,
		pgx.Identifier{a.role}.Sanitize(), pgx.Identifier{account}.Sanitize()))
	return err
}

func steps(ctx workflow.Context, input Input) error {
	gone := false
	err := workflow.SetUpdateHandler(ctx, Go, func(workflow.Context) error {
		gone = true
		return nil
	})
	if err != nil {
		return err
	}
	var bare *activities
	for _, step := range input.Steps {
		switch step.Do {
		case grant:
			err = call(ctx, bare.Grant, input.Account)
		case revoke:
			err = call(ctx, bare.Revoke, input.Account)
		case await:
			err = workflow.Await(ctx, func() bool { return gone })
		case sleep:
			err = workflow.Sleep(ctx, step.For)
		case sleepUntil:
			err = workflow.Sleep(ctx, step.Until.Sub(workflow.Now(ctx)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func call(ctx workflow.Context, activity any, account string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	return workflow.ExecuteActivity(ctx, activity, account).Get(ctx, nil)
}
