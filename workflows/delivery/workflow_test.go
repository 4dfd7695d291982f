package delivery

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"curfew/workflows/contract"
)

// server is one that acts on a delivery as the test says.
type server struct {
	answers  func(attempt int) (contract.Delivered, error)
	attempts int
	alarms   []contract.Alarm
}

// run lets the delivery of a test be acted on, in time that passes at once.
func (s *server) run(t *testing.T) (contract.Delivered, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(30 * time.Second)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine is no deadlock
	env.RegisterActivityWithOptions(func(contract.DeliveryInput) (contract.Delivered, error) {
		s.attempts++
		return s.answers(s.attempts)
	}, activity.RegisterOptions{Name: contract.ActivityDeliver})
	env.RegisterActivityWithOptions(func(alarm contract.Alarm) error {
		s.alarms = append(s.alarms, alarm)
		return nil
	}, activity.RegisterOptions{Name: contract.ActivityAlarm})
	env.ExecuteWorkflow(
		Delivery,
		contract.DeliveryInput{Delivery: contract.Sealed[contract.Delivery]{Fact: contract.Delivery{
			Source: "pd", ID: "E1", Event: "incident.triggered",
		}}},
	)
	require.True(t, env.IsWorkflowCompleted())
	var done contract.Delivered
	if err := env.GetWorkflowError(); err != nil {
		return done, err
	}
	require.NoError(t, env.GetWorkflowResult(&done))
	return done, nil
}

func TestADeliveryIsTriedUntilItIsDone(t *testing.T) {
	t.Parallel()
	s := &server{answers: func(attempt int) (contract.Delivered, error) {
		if attempt < 10 {
			return contract.Delivered{}, errors.New("PagerDuty is down")
		}
		return contract.Delivered{Said: "done"}, nil
	}}
	done, err := s.run(t)
	require.NoError(t, err)
	require.Equal(t, "done", done.Said)
	require.Equal(t, 10, s.attempts)
	require.Empty(t, s.alarms)
}

func TestADeliveryThatComesToNothingIsAlarmed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		problem *contract.Problem
		alarm   contract.AlarmKind
	}{
		"what can't be": {contract.NotFound("there is no incident").At("incident"), contract.AlarmHook},
		"what is late":  {contract.Overdue("it came too long ago").At("delivery"), contract.AlarmHook},
		"a forgery":     {contract.Forbidden("it has no seal").At("delivery"), contract.AlarmForged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &server{
				answers: func(int) (contract.Delivered, error) { return contract.Delivered{}, tc.problem.Application() },
			}
			_, err := s.run(t)
			problem, ok := contract.ProblemOf(err)
			require.True(t, ok)
			require.Equal(t, tc.problem.Kind, problem.Kind)
			require.Equal(t, 1, s.attempts)
			require.Len(t, s.alarms, 1)
			require.Equal(t, tc.alarm, s.alarms[0].Kind)
			require.Contains(t, s.alarms[0].Text, tc.problem.Fault)
		})
	}
}

// The environment of these tests gives up after ten attempts; Temporal does so after days.
func TestWhatNobodyCanDoIsAlarmedInTheEnd(t *testing.T) {
	t.Parallel()
	s := &server{
		answers: func(int) (contract.Delivered, error) { return contract.Delivered{}, errors.New("PagerDuty is down") },
	}
	_, err := s.run(t)
	require.Error(t, err)
	require.Len(t, s.alarms, 1)
	require.Equal(t, contract.AlarmHook, s.alarms[0].Kind)
	require.Contains(t, s.alarms[0].Text, "PagerDuty is down")
}
