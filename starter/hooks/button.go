package hooks

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.uber.org/zap"

	"curfew/internal/config"
	"curfew/internal/exactjson"
	"curfew/starter"
	"curfew/workflows/contract"
)

const (
	// followWithin is how long the answer to a button is waited for.
	followWithin = time.Minute
	// slackAnswers is where Slack takes answers.
	slackAnswers = "hooks.slack.com"
	// maxValue is more than a button's value takes, in bytes.
	maxValue = 160
)

// pressed is what Curfew reads of an interaction in Slack.
type pressed struct {
	Type    string `json:"type"`
	Trigger string `json:"trigger_id"`
	Answers string `json:"response_url"`
	User    struct {
		ID string `json:"id"`
	} `json:"user"`
	Actions []struct {
		ID    string `json:"action_id"`
		Value string `json:"value"`
		At    string `json:"action_ts"`
	} `json:"actions"`
}

func (s snapshot) readButton(_ context.Context, _ http.Header, body []byte) (message, error) {
	form, err := url.ParseQuery(string(body))
	var sent pressed
	if err != nil || exactjson.UnmarshalLoose([]byte(form.Get("payload")), &sent) != nil {
		return message{}, contract.Invalid("it is no form with a payload").
			At("body").
			Advise("send interactions of Slack")
	}
	read := message{
		delivery: contract.Delivery{ID: deliveryID(body, sent.Trigger), Event: sent.Type, Account: sent.User.ID},
	}
	if sent.Type != "block_actions" {
		read.unused = "only buttons mean something here"
		return read, nil
	}
	for _, action := range sent.Actions {
		if action.ID == contract.ButtonApprove || action.ID == contract.ButtonDeny {
			read.delivery.ID = deliveryID(body, sent.Trigger, action.At)
			read.delivery.Event, read.answerTo = action.ID, sent.Answers
			read.delivery.Request, read.delivery.Seen, read.delivery.Digest = contract.ReadButton(
				contract.Shorten(action.Value, maxValue),
			)
			// Before Temporal hears of it: whoever presses too often presses again.
			read.refused = s.Limits.Change(s.presser(sent.User.ID))
			return read, nil
		}
	}
	read.idle = true // links are buttons too
	return read, nil
}

// presser is whose presses are counted together: those of a person with what else they do, those of an account that is
// nobody's by themselves.
func (s snapshot) presser(account string) string {
	if person, known := s.starter.Config().PersonByAccount(config.SystemSlack, account); known {
		return person
	}
	return config.SystemSlack + "/" + contract.Shorten(account, maxValue)
}

// actOnButton gives the review of whoever pressed a button. What is refused is told them, and is no failure.
func (s snapshot) actOnButton(ctx context.Context, delivery contract.Delivery) (contract.Delivered, error) {
	person, known := s.starter.Config().PersonByAccount(config.SystemSlack, delivery.Account)
	if !known {
		return contract.Delivered{
			Said: "Curfew does not know you: an administrator can add your Slack member id to your accounts",
		}, nil
	}
	input := starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "Approved in Slack."}
	if delivery.Event == contract.ButtonDeny {
		input = starter.ReviewInput{Verdict: contract.VerdictDeny, Reason: "Denied in Slack."}
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
func (h *Hooks) follow(ctx context.Context, pressed message) {
	h.following.TryGo(func() error {
		ctx, cancel := context.WithTimeout(ctx, followWithin)
		defer cancel()
		if pressed.refused != nil {
			h.say(ctx, pressed, nothingDecided(pressed.refused))
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
		h.say(ctx, pressed, text)
		return nil
	})
}

func nothingDecided(err error) string {
	return "Nothing was decided: " + contract.AsProblem(err).Error()
}

// say answers whoever pressed a button, as far as Slack takes it.
func (h *Hooks) say(ctx context.Context, pressed message, text string) {
	if err := h.answer(context.WithoutCancel(ctx), pressed.answerTo, text); err != nil {
		h.Log.Warn(
			"hook: Slack does not take an answer",
			zap.String("delivery", pressed.delivery.ID),
			zap.Error(err),
		)
	}
}

// answer sends a text that only whoever pressed the button sees.
func (h *Hooks) answer(ctx context.Context, address, text string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "https" || parsed.Host != slackAnswers || parsed.User != nil {
		return fmt.Errorf("answers go to https://%s alone", slackAnswers)
	}
	body, err := json.Marshal(map[string]any{
		"response_type": "ephemeral", "replace_original": false,
		"text": strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(contract.Shorten(text, maxAnswer)),
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, parsed.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make an answer to Slack: %w", hidden(err))
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := h.Answers.Do(request)
	if err != nil {
		return fmt.Errorf("send an answer to Slack: %w", hidden(err))
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, maxAnswer))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("slack answers %d", response.StatusCode)
	}
	return nil
}

// maxAnswer bounds what is told to Slack, and what is read of what it says, in bytes.
const maxAnswer = 2048

// hidden is an error without the address, which is a secret.
func hidden(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
