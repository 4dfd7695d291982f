package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

// ensured is what `ensure -o json` prints.
type ensured struct {
	Asked   bool            `json:"asked"` // there was neither access nor a request that leads to it
	Request json.RawMessage `json:"request"`
}

func (p *program) ensureCommand() *cobra.Command {
	var body api.AskBody
	var how asking
	var atLeast string
	var noWait, tells bool
	c := &cobra.Command{
		Use:   "ensure TEMPLATE",
		Short: "Make sure that you have access: request it only if you do not have it",
		Long: `Make sure that you have access: request it only if you do not have it.

If active access lasts for at least --at-least from now, curfew does nothing. If a request waits for its reviews, curfew
waits for that request. Otherwise it requests access, as curfew request does. Concurrent runs create one request: its id
derives from requester, subject, template, duration, break-glass and minute. The exit code is 0 if you have access now;
with --exit-code it is 7 if curfew had to request it. With -o json, the field "asked" says whether it had to.`,
		Example: `  curfew ensure debug-prod --for 1h --ticket OPS-7 --reason "the checkout hangs" && psql orders
  curfew ensure debug-prod --for 1h --at-least 55m --no-wait -o json --ticket OPS-7 --reason "nightly check"`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: p.completeTemplates(),
		RunE: func(c *cobra.Command, args []string) error {
			body.Template = args[0]
			asked, err := p.ensure(c.Context(), body, atLeast, asking{patience: patience{wait: !noWait}, yes: how.yes})
			if err == nil && asked && tells {
				return errAsked
			}
			return err
		},
	}
	askFlags(c, &body, &how)
	flags := c.Flags()
	flags.StringVar(
		&atLeast,
		"at-least",
		"",
		"`duration` that existing access must still last to be enough (default: half of --for)",
	)
	flags.BoolVar(&noWait, "no-wait", false, "do not wait for access that has to be requested (exit code 5)")
	flags.BoolVar(&tells, "exit-code", false, "exit with code 7 if the access had to be requested")
	return c
}

// need is the access that there is to be.
type need struct {
	template, subject string
	atLeast           time.Duration
}

// ensure says whether access had to be asked for.
func (p *program) ensure(ctx context.Context, body api.AskBody, atLeast string, how asking) (asked bool, err error) {
	remote, err := p.remote()
	if err != nil {
		return false, err
	}
	need, err := p.need(ctx, remote, body, atLeast)
	if err != nil {
		return false, err
	}
	status, found, err := p.find(ctx, remote, need)
	if err != nil {
		return false, err
	}
	if !found {
		how.send = func(ctx context.Context, body api.AskBody) (client.Answer[contract.Status], error) {
			return p.askOnce(ctx, remote, body, need.subject)
		}
		if status, err = p.ask(ctx, remote, body, how); err != nil {
			return false, err
		}
	}
	if how.wait {
		status, err = p.await(ctx, remote, status, how.patience)
	}
	return !found, cmp.Or(p.tellEnsured(ctx, remote, status, !found), err, accessIn(status.Value))
}

func (p *program) tellEnsured(
	ctx context.Context,
	remote *client.Client,
	status client.Answer[contract.Status],
	asked bool,
) error {
	if p.output == outputJSON {
		return p.object(ensured{asked, status.JSON})
	}
	return p.tellOutcome(ctx, remote, status)
}

// accessIn is nil when a request gives access now.
func accessIn(status contract.Status) error {
	switch status.State {
	case contract.StateActive:
		return nil
	case contract.StateRevoking, contract.StateEnded:
		return errNoAccess
	default:
		return standing(status.ID)
	}
}

// need puts together who is to have what, and for how long at least.
func (p *program) need(ctx context.Context, remote *client.Client, body api.AskBody, atLeast string) (need, error) {
	needed := need{template: body.Template, subject: body.Subject}
	if needed.subject == "" {
		me, err := remote.Me(ctx)
		if err != nil {
			return needed, err
		}
		needed.subject = me.Value.ID
	}
	template, err := p.chosen(ctx, remote, &body)
	if err != nil {
		return needed, err
	}
	asked, err := durationFlag("for", cmp.Or(body.Duration, template.DefaultDuration.String()))
	if err != nil {
		return needed, err
	}
	if atLeast == "" {
		needed.atLeast = asked / 2
		return needed, nil
	}
	if needed.atLeast, err = durationFlag("at-least", atLeast); err == nil && needed.atLeast > asked {
		err = contract.Invalid("%s is longer than what is asked for", atLeast).
			At("at-least").
			Advise("ask with --for at least as long")
	}
	return needed, err
}

func durationFlag(name, text string) (time.Duration, error) {
	duration, err := time.ParseDuration(text)
	if err != nil || duration < 0 {
		return 0, contract.Invalid("%.*q is not a duration", maxShown, text).
			At(name).
			Advise("write it like 30m, 2h or 1h30m")
	}
	return duration, nil
}

// find looks for access that lasts long enough, else for a request that leads to it.
func (p *program) find(
	ctx context.Context,
	remote *client.Client,
	needed need,
) (client.Answer[contract.Status], bool, error) {
	for _, state := range []contract.State{contract.StateActive, contract.StateGranting, contract.StatePending} {
		filter := client.Filter{State: state, Template: needed.template, Mine: true}
		for range mostPages {
			list, err := remote.List(ctx, filter)
			if err != nil {
				return client.Answer[contract.Status]{}, false, err
			}
			for _, status := range list.Value.Requests {
				if p.serves(status, needed) {
					found, err := remote.Show(ctx, status.ID)
					return found, err == nil, err
				}
			}
			if filter.Before = list.Value.Next; filter.Before == "" {
				break
			}
		}
	}
	return client.Answer[contract.Status]{}, false, nil
}

// mostPages bounds how far back somebody's own requests are looked through.
const mostPages = 20

func (p *program) serves(status contract.Status, needed need) bool {
	switch {
	case status.Subject != needed.subject:
		return false
	case status.State == contract.StateActive:
		return status.Until != nil && status.Until.Sub(p.now()) >= needed.atLeast
	default:
		return status.StartAt == nil && status.Duration.Duration >= needed.atLeast
	}
}

// mostTwins bounds how often the same is asked for in one minute.
const mostTwins = 10

// askOnce asks for access with an id that says what is asked for, and in which minute. So the server takes those who
// ask for the same at the same time for one. The reason is left out of it.
func (p *program) askOnce(
	ctx context.Context, remote *client.Client, body api.AskBody, subject string,
) (status client.Answer[contract.Status], err error) {
	me, err := remote.Me(ctx)
	if err != nil {
		return status, err
	}
	wanted := twinned{me.Value.ID, subject, body}
	minute := p.now().Truncate(time.Minute)
	status, err = remote.Show(ctx, wanted.id(minute.Add(-time.Minute), 0))
	if err == nil && wanted.isIn(status.Value) && status.Value.State != contract.StateEnded {
		return status, nil
	}
	for number := range mostTwins {
		body.ID = wanted.id(minute, number)
		if status, err = p.askAs(ctx, remote, body, wanted); err != nil || status.Value.State != contract.StateEnded {
			return status, err
		}
	}
	return status, contract.Capacity("it was asked for %d times in this minute, in vain", mostTwins).
		Advise("wait for a minute")
}

// askAs asks with an id that may be taken. A run for the same, with other words, has made what this one waits for; what
// anybody else has made with the id is none of that, and keeps nobody from asking.
func (p *program) askAs(
	ctx context.Context, remote *client.Client, body api.AskBody, wanted twinned,
) (client.Answer[contract.Status], error) {
	status, err := remote.Ask(ctx, body)
	problem, refused := contract.ProblemOf(err)
	if !refused || problem.Kind != contract.KindConflict || problem.Field != "id" {
		return status, err
	}
	if found, err := remote.Show(ctx, body.ID); err == nil && wanted.isIn(found.Value) {
		return found, nil
	}
	body.ID = ""
	return remote.Ask(ctx, body)
}

// twinned is what two runs ask for that are to make one request.
type twinned struct {
	requester, subject string
	body               api.AskBody
}

// isIn is true for a request that asks for it.
func (w twinned) isIn(status contract.Status) bool {
	return status.Requester == w.requester && status.Subject == w.subject && status.Template == w.body.Template &&
		status.BreakGlass == w.body.BreakGlass
}

// id is that of a minute's request; the number tells it from those that have ended.
func (w twinned) id(minute time.Time, number int) string {
	matter := []string{w.requester, w.subject, w.body.Template, w.body.Duration, fmt.Sprint(w.body.BreakGlass)}
	digest := sha256.Sum256(fmt.Appendf(nil, "%d %q", number, matter))
	var id ulid.ULID
	_ = id.SetTime(ulid.Timestamp(minute))        // it fails in the year 10889
	_ = id.SetEntropy(digest[:len(id)-timeBytes]) // it fails for another length
	return id.String()
}

// timeBytes is how much of a ULID is its time.
const timeBytes = 6
