package hooks

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"curfew/activities/notify"
	"curfew/starter"
	"curfew/workflows/contract"
)

const (
	// followWithin is how long the answer to a button is waited for.
	followWithin = time.Minute
	// longestAccount bounds what is kept of an account of nobody's, in bytes.
	longestAccount = 160
)

func pressReader(webhooks *notify.Webhooks) reader {
	return func(s snapshot, _ context.Context, _ http.Header, body []byte) (message, error) {
		press, err := webhooks.Read(body)
		if err != nil {
			return message{}, err
		}
		read := message{idle: press.Idle, delivery: contract.Delivery{
			ID: deliveryID(body, press.IDs...), Event: press.Event, Account: press.Account,
		}}
		switch {
		case press.Idle:
		case press.Action == "":
			read.unused = "only buttons mean something here"
		default:
			read.answerTo = press.AnswerTo
			read.delivery.Request, read.delivery.Seen, read.delivery.Digest = contract.ReadButton(press.Value)
			// Before Temporal hears of it: whoever presses too often presses again.
			read.refused = s.Limits.Change(s.presser(press.Account))
		}
		return read, nil
	}
}

// presser is whose presses are counted together: those of a person with what else they do, those of an account that is
// nobody's by themselves.
func (s snapshot) presser(account string) string {
	if person, known := s.starter.Config().PersonByAccount(s.system, account); known {
		return person
	}
	return s.system + "/" + contract.Shorten(account, longestAccount)
}

// actOnPress gives the review of whoever pressed a button. What is refused is told them, and is no failure.
func (s snapshot) actOnPress(ctx context.Context, delivery contract.Delivery) (contract.Delivered, error) {
	person, known := s.starter.Config().PersonByAccount(s.system, delivery.Account)
	if !known {
		return contract.Delivered{
			Said: "Curfew does not know you: an administrator can add your account in " + s.title + " to your accounts",
		}, nil
	}
	input := starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "Approved in " + s.title + "."}
	if delivery.Event == contract.ButtonDeny {
		input = starter.ReviewInput{Verdict: contract.VerdictDeny, Reason: "Denied in " + s.title + "."}
	}
	status, err := s.reviewByButton(ctx, person, delivery, input)
	if problem, refused := refusal(err); refused {
		return contract.Delivered{Said: nothingDecided(problem)}, nil
	}
	if err != nil {
		return contract.Delivered{}, err
	}
	return contract.Delivered{Said: said(person, input.Verdict, status), Requests: []string{status.ID}}, nil
}

// follow tells whoever pressed a button what came of it. The address to tell it at is good for whoever knows it, so
// that it stays in this process: an answer is lost with it, what was pressed is not.
func (h *Hooks) follow(ctx context.Context, s *source, pressed message) {
	h.following.TryGo(func() error {
		ctx, cancel := context.WithTimeout(ctx, followWithin)
		defer cancel()
		if pressed.refused != nil {
			h.say(ctx, s, pressed, nothingDecided(pressed.refused))
			return nil
		}
		text := "Curfew has not come to it yet. It will: look at the request in a while."
		done, err := h.Starter.Delivered(ctx, pressed.delivery)
		_, failed := contract.ProblemOf(err)
		switch {
		case err == nil:
			text = done.Said
		case failed && ctx.Err() == nil:
			text = nothingDecided(err)
		}
		h.say(ctx, s, pressed, text)
		return nil
	})
}

func nothingDecided(err error) string {
	return "Nothing was decided: " + contract.AsProblem(err).Error()
}

// say answers whoever pressed a button, as far as the answer is taken.
func (h *Hooks) say(ctx context.Context, s *source, pressed message, text string) {
	if err := s.tellBack(context.WithoutCancel(ctx), h.Answers, pressed.answerTo, text); err != nil {
		h.Log.Warn(
			"hook: an answer is not taken",
			zap.String("source", s.name),
			zap.String("delivery", pressed.delivery.ID),
			zap.Error(err),
		)
	}
}
