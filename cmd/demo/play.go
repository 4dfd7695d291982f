package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"curfew/cmd/compose"
	"curfew/workflows/contract"
)

// play tells what it does, with the time since it began.
type play struct {
	*stage
	app   *compose.App
	begin time.Time
	out   io.Writer
}

func (p *play) say(format string, args ...any) {
	_, _ = fmt.Fprintf(
		p.out,
		"[%6.2fs] %s\n",
		time.Since(p.begin).Seconds(),
		fmt.Sprintf(format, args...),
	) // a closed terminal is no reason to stop
}

func (p *play) title(text string) { _, _ = fmt.Fprintf(p.out, "\n== %s\n", text) }

func (p *play) play(ctx context.Context) error {
	p.title("1. Asked for, approved, extended, ended by its deadline")
	if err := p.first(ctx); err != nil {
		return err
	}
	p.title("2. Ended early by a bare signal")
	if err := p.second(ctx); err != nil {
		return err
	}
	p.title("3. An incident opens and ends access by itself")
	if err := p.third(ctx); err != nil {
		return err
	}
	p.say("the play is over; everything was as it should be")
	return nil
}

func (p *play) first(ctx context.Context) error {
	status, err := p.active(ctx, "20s", "orders are late, looking at the queue")
	if err != nil {
		return err
	}
	before := *status.Until
	if err := p.quiet(ctx, before.Add(-13*time.Second)); err != nil {
		return err
	}
	if err := p.curfewAs(
		ctx,
		"alice",
		&status,
		"extend",
		status.ID,
		"--for",
		"10s",
		"--reason",
		"one more look",
	); err != nil {
		return err
	}
	if got := status.Until.Sub(before); got != 10*time.Second {
		return fmt.Errorf("the end moved by %s, not by 10s", got)
	}
	p.say("the end had been waited for already; extended, the access now ends at %s", clock(*status.Until))
	if err := p.quiet(ctx, before.Add(time.Second)); err != nil {
		return err
	}
	p.look("after the first deadline, which was moved")
	if !p.can() {
		return errors.New("the access ended at the deadline that had been moved")
	}
	if err := p.awaitAccess(ctx, false, time.Until(*status.Until)+5*time.Second); err != nil {
		return err
	}
	late := time.Since(*status.Until)
	p.say("the access is gone, %d ms after its deadline", late.Milliseconds())
	if late < 0 {
		return errors.New("the access ended before its deadline")
	}
	return p.conclude(ctx, status.ID, contract.OutcomeExpired, []string{
		"Access requested by Alice (alice)",
		"Access approved by Bob (bob)",
		"Access granted",
		"Access extended by Alice (alice)",
		"Access has ended at its deadline",
	})
}

func (p *play) second(ctx context.Context) error {
	status, err := p.active(ctx, "5m", "looking again")
	if err != nil {
		return err
	}
	workflow := contract.RequestWorkflowID(status.ID)
	p.say(
		"$ temporal workflow signal --namespace %s --workflow-id %s --name revoke --input '%s'",
		p.config.Temporal.Namespace,
		workflow,
		signal,
	)
	if err := p.app.Temporal.SignalWorkflow(
		ctx,
		workflow,
		"",
		contract.SignalRevoke,
		json.RawMessage(signal),
	); err != nil {
		return err
	}
	sent := time.Now()
	if err := p.awaitAccess(ctx, false, 10*time.Second); err != nil {
		return err
	}
	p.say("the access is gone, %d ms after the signal", time.Since(sent).Milliseconds())
	return p.conclude(ctx, status.ID, contract.OutcomeRevoked, []string{
		"Access requested by Alice (alice)",
		"Access approved by Bob (bob)",
		"Access granted",
		"Access is being ended by a signal from Temporal",
		"Access was ended early by a signal from Temporal",
	})
}

const signal = `{"by":"incident tool","reason":"the incident is resolved"}`

// active has Alice ask and Bob approve, and returns when Lightrun lets Alice in.
func (p *play) active(ctx context.Context, duration, reason string) (status contract.Status, err error) {
	p.look("before")
	if err := p.curfewAs(
		ctx,
		"alice",
		&status,
		"request",
		template,
		"--for",
		duration,
		"--ticket",
		issue,
		"--reason",
		reason,
	); err != nil {
		return status, err
	}
	p.say("request %s is %s: %s", status.ID, status.State, "it waits for "+strings.Join(status.Reviewers, ", "))
	p.look("while it waits")
	if p.can() {
		return status, errors.New("there was access before there was a decision")
	}
	if err := p.curfewAs(ctx, "bob", &status, "approve", status.ID, "--reason", "go ahead"); err != nil {
		return status, err
	}
	approved := time.Now()
	if err := p.awaitAccess(ctx, true, 20*time.Second); err != nil {
		return status, err
	}
	p.say("the access is there, %d ms after the approval was answered", time.Since(approved).Milliseconds())
	p.look("while it is active")
	for status.State != contract.StateActive {
		if err := p.curfewAs(ctx, "alice", &status, "show", status.ID); err != nil {
			return status, err
		}
	}
	p.say("active until %s", clock(*status.Until))
	return status, nil
}

// conclude waits until everything is told, and compares Jira's comments with what they should be.
func (p *play) conclude(ctx context.Context, id string, outcome contract.Outcome, story []string) error {
	ctx, done := context.WithTimeout(ctx, 20*time.Second)
	defer done()
	var status contract.Status
	if err := p.app.Temporal.GetWorkflow(ctx, contract.RequestWorkflowID(id), "").Get(ctx, &status); err != nil {
		return err
	}
	p.say("request %s has ended: %s", id, status.Outcome)
	p.look("after")
	if status.Outcome != outcome {
		return fmt.Errorf("the request ended as %s, not as %s", status.Outcome, outcome)
	}
	var told []string
	p.say("what Jira holds on %s:", status.Ticket)
	for _, comment := range p.jira.Comments(status.Ticket) {
		if !strings.Contains(comment.Body, id) {
			continue
		}
		headline, _, _ := strings.Cut(comment.Body, "\n")
		told = append(told, strings.ReplaceAll(strings.Trim(headline, "*"), `\`, ""))
		_, _ = fmt.Fprintf(p.out, "    | %s\n", strings.ReplaceAll(strings.TrimSpace(comment.Body), "\n", "\n    | "))
	}
	if !slices.Equal(told, story) {
		return fmt.Errorf("Jira tells %q, not %q", told, story)
	}
	return nil
}

// look says what Lightrun holds.
func (p *play) look(when string) {
	p.say(
		"Lightrun, %s: may Alice debug production? %s (%d temporary accesses)",
		when,
		yesNo(p.can()),
		len(p.lightrun.Live()),
	)
}

// quiet waits until an instant.
func (p *play) quiet(ctx context.Context, until time.Time) error {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// curfewAs types a command as a person would, and reads the status that it answers.
func (p *play) curfewAs(ctx context.Context, person string, status *contract.Status, args ...string) error {
	if args[0] != "show" {
		p.say("%s$ curfew %s", person, typed(args))
	}
	*status = contract.Status{}
	return p.answer(ctx, person, status, args...)
}

// answer runs a command as a person would, and reads what it answers.
func (p *play) answer(ctx context.Context, person string, into any, args ...string) error {
	command := exec.CommandContext(ctx, p.curfew, append(args, "-o", "json")...) //nolint:gosec // our own program
	command.Env = append(os.Environ(), "CURFEW_SERVER="+p.config.Server.URL, "CURFEW_TOKEN="+p.tokens[person])
	var refusal bytes.Buffer
	command.Stderr = &refusal
	answer, err := command.Output()
	if err != nil {
		return fmt.Errorf("curfew %s: %w: %s", args[0], err, refusal.String())
	}
	return json.Unmarshal(answer, into)
}

// typed is a command line as it would be typed.
func typed(args []string) string {
	words := slices.Clone(args)
	for i, word := range words {
		if strings.Contains(word, " ") {
			words[i] = `"` + word + `"`
		}
	}
	return strings.Join(words, " ")
}

func (p *play) sayWhere(o Options) {
	_, _ = fmt.Fprintf(p.out, "\nEverything stays up until Ctrl-C:\n")
	if o.WebUI != "" {
		_, _ = fmt.Fprintf(p.out, "  Temporal's Web UI  %s/namespaces/%s/workflows\n", o.WebUI, o.Namespace)
	}
	_, _ = fmt.Fprintf(p.out, "  Temporal           %s, namespace %s\n", o.Temporal, o.Namespace)
	_, _ = fmt.Fprintf(
		p.out,
		"  Curfew's pages     %s/ (sign in with Bob's token %s)\n",
		p.config.Server.URL,
		p.tokens["bob"],
	)
	_, _ = fmt.Fprintf(p.out, "  Curfew's API       %s/openapi.json\n", p.config.Server.URL)
	_, _ = fmt.Fprintf(
		p.out,
		"  as Alice           CURFEW_SERVER=%s CURFEW_TOKEN=%s %s list\n",
		p.config.Server.URL,
		p.tokens["alice"],
		o.Curfew,
	)
}

func clock(at time.Time) string { return at.Local().Format("15:04:05.000") }
