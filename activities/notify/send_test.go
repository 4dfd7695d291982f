package notify_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdktemporal "go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"curfew/activities/notify"
	"curfew/activities/notify/notifytest"
	"curfew/activities/story"
	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/internal/reload"
	temporaltest "curfew/internal/testserver/temporal"
	"curfew/workflows/contract"
)

// channel keeps what it is told, until it fails.
type channel struct {
	system string
	told   []notify.Message
	fails  error
}

func (c *channel) System() string { return c.system }

func (c *channel) Send(_ context.Context, m notify.Message) (notify.Sent, error) {
	if c.fails != nil {
		return notify.Sent{}, c.fails
	}
	c.told = append(c.told, m)
	return notify.Sent{Thread: "after " + strconv.Itoa(m.Event.Seq)}, nil
}

func (c *channel) Check(context.Context) error { return nil }

var directory = &config.Config{
	Directory: people.Directory{
		People: map[string]people.Person{
			"ann":   {Name: "Ann", Accounts: map[string]string{"slack": "U0ANN"}},
			"bob":   {Accounts: map[string]string{"slack": "U0BOB"}},
			"carol": {Name: "Carol"},
		},
	},
}

func tell(t *testing.T, c notify.Channel, in contract.NotifyInput) (contract.NotifyResult, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(activities(c).Send)
	value, err := env.ExecuteActivity(activities(c).Send, in)
	if err != nil {
		return contract.NotifyResult{}, err
	}
	var result contract.NotifyResult
	require.NoError(t, value.Get(&result))
	return result, nil
}

func activities(c notify.Channel) *notify.Activities {
	page := func(id string) string { return "https://curfew.example.com/requests/" + id }
	return notify.New(reload.Fixed(directory), map[string]notify.Channel{"chat": c}, page)
}

func events(kinds ...contract.EventKind) contract.NotifyInput {
	in := contract.NotifyInput{Channel: "chat", Status: notifytest.Status(), Thread: "before"}
	in.Status.Reviews = nil
	for i, kind := range kinds {
		in.Events = append(
			in.Events,
			contract.Event{Request: notifytest.Request, Seq: i + 1, Kind: kind, Actor: "curfew"},
		)
	}
	return in
}

func TestEventsAreToldInOrderEachInThePlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	c := &channel{system: "slack"}
	result, err := tell(t, c, events(contract.EventRequested, contract.EventReviewAsked, contract.EventApproved))
	require.NoError(t, err)
	require.Equal(t, contract.NotifyResult{Thread: "after 3"}, result)
	require.Len(t, c.told, 3)
	require.Equal(
		t,
		[]string{"before", "after 1", "after 2"},
		[]string{c.told[0].Thread, c.told[1].Thread, c.told[2].Thread},
	)
	require.Equal(t, notifytest.Page, c.told[1].Page)
	require.Equal(t, "Reviewers were asked", c.told[1].Entry.Headline)
	require.Equal(t, contract.ActionReview, c.told[1].Asks)
}

func TestPeopleAreToldWhereTheDirectorySaysThatTheyAre(t *testing.T) {
	t.Parallel()
	c := &channel{system: "slack"}
	_, err := tell(t, c, events(contract.EventReviewAsked))
	require.NoError(t, err)
	require.Equal(
		t,
		[]notify.Recipient{{Person: "bob", Name: "bob", Account: "U0BOB"}},
		c.told[0].To,
		"Carol has no account",
	)

	c = &channel{system: "mail"}
	_, err = tell(t, c, events(contract.EventReviewAsked))
	require.NoError(t, err)
	require.Empty(t, c.told[0].To)

	c = &channel{}
	_, err = tell(t, c, events(contract.EventReviewAsked))
	require.NoError(t, err)
	require.Equal(t, []notify.Recipient{{Person: "bob", Name: "bob"}, {Person: "carol", Name: "Carol"}}, c.told[0].To)
}

func TestWhoeverTheRequestNamesIsAsked(t *testing.T) {
	t.Parallel()
	c, in := &channel{}, events(contract.EventRequested, contract.EventReviewAsked)
	in.To = map[int][]string{2: {"carol"}}
	_, err := tell(t, c, in)
	require.NoError(t, err)
	require.Empty(t, c.told[0].To)
	require.Equal(t, []notify.Recipient{{Person: "carol", Name: "Carol"}}, c.told[1].To)
}

func TestAStrangerToTheDirectoryIsNotTold(t *testing.T) {
	t.Parallel()
	c, in := &channel{}, events(contract.EventReviewAsked)
	in.Status.Reviewers = []string{"mallory"}
	_, err := tell(t, c, in)
	require.NoError(t, err)
	require.Empty(t, c.told[0].To)
}

func TestAChannelThatIsGoneIsGivenUp(t *testing.T) {
	t.Parallel()
	in := events(contract.EventReviewAsked)
	in.Channel = "pager"
	_, err := tell(t, &channel{}, in)
	problem, found := contract.ProblemOf(err)
	require.True(t, found)
	require.Equal(t, contract.KindNotFound, problem.Kind)
	require.Equal(t, "channel", problem.Field)
}

func TestWhatAChannelFailsWithIsPassedOn(t *testing.T) {
	t.Parallel()
	fault := contract.Unavailable("it is down").Advise("wait")
	fault.RetryAfter.Duration = 7
	_, err := tell(t, &channel{fails: fault}, events(contract.EventReviewAsked))
	problem, found := contract.ProblemOf(err)
	require.True(t, found)
	require.Equal(t, fault, problem)
}

// flaky fails once at each event after the first.
type flaky struct {
	channel
	failed map[int]bool
}

func (f *flaky) Send(ctx context.Context, m notify.Message) (notify.Sent, error) {
	if m.Event.Seq > 1 && !f.failed[m.Event.Seq] {
		f.failed[m.Event.Seq] = true
		return notify.Sent{}, contract.Unavailable("it is down")
	}
	return f.channel.Send(ctx, m)
}

// told starts a workflow that tells events on a channel until it has succeeded.
func told(t *testing.T, temporal client.Client, on *notify.Activities, in contract.NotifyInput) client.WorkflowRun {
	t.Helper()
	w := worker.New(temporal, contract.TaskQueue, worker.Options{})
	w.RegisterActivityWithOptions(on.Send, activity.RegisterOptions{Name: contract.ActivityNotify})
	tell := func(ctx workflow.Context, in contract.NotifyInput) (result contract.NotifyResult, err error) {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, RetryPolicy: &sdktemporal.RetryPolicy{InitialInterval: time.Millisecond},
		})
		err = workflow.ExecuteActivity(ctx, contract.ActivityNotify, in).Get(ctx, &result)
		return result, err
	}
	w.RegisterWorkflowWithOptions(tell, workflow.RegisterOptions{Name: "told"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	run, err := temporal.ExecuteWorkflow(
		t.Context(),
		client.StartWorkflowOptions{TaskQueue: contract.TaskQueue},
		"told",
		in,
	)
	require.NoError(t, err)
	return run
}

func TestWhatWasToldIsNotToldAgainWhenTheRestIsTriedAgain(t *testing.T) {
	t.Parallel()
	f := &flaky{failed: map[int]bool{}}
	run := told(
		t,
		temporaltest.Start(t).Client(t),
		activities(f),
		events(contract.EventRequested, contract.EventReviewAsked, contract.EventApproved),
	)
	var result contract.NotifyResult
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, "after 3", result.Thread)
	require.Len(t, f.told, 3, "each event once, although there were three attempts")
	require.Equal(
		t,
		[]string{"before", "after 1", "after 2"},
		[]string{f.told[0].Thread, f.told[1].Thread, f.told[2].Thread},
	)
}

// mailbox puts some persons off, and refuses others.
type mailbox struct {
	channel
	late, refused map[string]string
}

func (m *mailbox) Send(ctx context.Context, message notify.Message) (notify.Sent, error) {
	sent := notify.Sent{Late: map[string]string{}, Refused: map[string]string{}}
	for _, to := range message.To {
		if why, is := m.late[to.Person]; is {
			sent.Late[to.Person] = why
		} else if why, is := m.refused[to.Person]; is {
			sent.Refused[to.Person] = why
		} else {
			sent.Reached = append(sent.Reached, to.Person)
		}
	}
	_, err := m.channel.Send(ctx, message)
	return sent, err
}

func TestWhoeverIsPutOffOrRefusedKeepsNothingFromTheOthers(t *testing.T) {
	t.Parallel()
	m := &mailbox{late: map[string]string{"bob": "452"}, refused: map[string]string{"carol": "550"}}
	result, err := tell(t, m, events(contract.EventReviewAsked, contract.EventReminded))
	require.NoError(t, err)
	require.Len(t, m.told, 2, "what comes next does not wait")
	require.Equal(
		t,
		[]contract.LeftOut{
			{Seq: 1, Person: "bob", What: "the message", Why: "452"},
			{Seq: 2, Person: "bob", What: "the message", Why: "452"},
		},
		result.Late,
	)
	require.Equal(
		t,
		[]contract.LeftOut{
			{Seq: 1, Person: "carol", What: "the message", Why: "550"},
			{Seq: 2, Person: "carol", What: "the message", Why: "550"},
		},
		result.LeftOut,
	)

	again := events(contract.EventReviewAsked)
	again.Only = "bob"
	_, err = tell(t, m, again)
	require.ErrorContains(t, err, "452", "and is tried again")
	delete(m.late, "bob")
	_, err = tell(t, m, again)
	require.NoError(t, err)
	require.Equal(t, []notify.Recipient{{Person: "bob", Name: "bob"}}, m.told[3].To, "alone")
}

// broken reaches one person more with each attempt, and then breaks.
type broken struct{ reached [][]string }

func (*broken) System() string { return "" }

func (*broken) Check(context.Context) error { return nil }

func (b *broken) Send(_ context.Context, m notify.Message) (notify.Sent, error) {
	var to []string
	for _, r := range m.To {
		to = append(to, r.Person)
	}
	b.reached = append(b.reached, to)
	if len(to) == 1 {
		return notify.Sent{Reached: to}, nil
	}
	return notify.Sent{Reached: to[:1]}, contract.Unavailable("the connection broke")
}

func TestWhoeverWasReachedIsNotToldAgainWhenTheOthersAre(t *testing.T) {
	t.Parallel()
	b := &broken{}
	temporal := temporaltest.Start(t).Client(t)
	require.NoError(t, told(t, temporal, activities(b), events(contract.EventReviewAsked)).Get(t.Context(), nil))
	require.Equal(t, [][]string{{"bob", "carol"}, {"carol"}}, b.reached)
}

// narrow takes no characters beyond the plane.
type narrow struct {
	channel
	offered []notify.Message
}

func (n *narrow) Send(ctx context.Context, m notify.Message) (notify.Sent, error) {
	n.offered = append(n.offered, m)
	if strings.ContainsFunc(m.Status.Reason, func(r rune) bool { return r > 0xffff }) {
		return notify.Sent{}, &story.NotTaken{Problem: contract.Denied("invalid_blocks")}
	}
	return n.channel.Send(ctx, m)
}

func TestNobodyCanApproveWhatTheirMessageLacksAPartOf(t *testing.T) {
	t.Parallel()
	n, in := &narrow{}, events(contract.EventReviewAsked)
	in.Provenance.Chain.Request.Fact = contract.Request{
		ID:        in.Status.ID,
		Requester: "ann",
		Subject:   "ann",
		Purpose:   contract.Purpose{Reason: "on fire \U0001f525"},
	}
	result, err := tell(t, n, in)
	require.NoError(t, err)
	require.Len(t, n.offered, 2)
	require.NotEmpty(t, n.offered[0].Digest, "the whole can be decided on")
	require.Equal(t, "on fire \ufffd", n.offered[1].Status.Reason, "although the request itself says otherwise")
	require.Empty(t, n.offered[1].Digest)
	require.Len(t, result.LeftOut, 1)
}
