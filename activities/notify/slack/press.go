package slack

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

	goslack "github.com/slack-go/slack"

	"curfew/activities/notify"
	"curfew/internal/config"
	"curfew/internal/exactjson"
	"curfew/internal/signing"
	"curfew/workflows/contract"
)

const (
	// answersAt is where Slack takes what is told to whoever pressed a button.
	answersAt = "hooks.slack.com"
	// longestAnswer bounds what is told there, and what is read of what Slack says to it, in bytes.
	longestAnswer = 2048
	// longestValue is more than a button's value takes, in bytes.
	longestValue = 160
)

// verifier recognizes deliveries by a signature that is good for five minutes.
func verifier(secrets []config.Secret) signing.Verifier {
	return signing.Verifier{
		Headers: []string{"X-Slack-Signature", "X-Slack-Request-Timestamp"},
		Verify: func(header http.Header, body []byte) error {
			refusal := signing.ErrUnsigned
			for _, secret := range secrets {
				switch err := signedWith(secret, header, body); {
				case err == nil:
					return nil
				case errors.Is(err, goslack.ErrExpiredTimestamp):
					refusal = signing.ErrStale
				}
			}
			return refusal
		},
	}
}

func signedWith(secret config.Secret, header http.Header, body []byte) error {
	verifier, err := goslack.NewSecretsVerifier(header, secret.Reveal())
	if err != nil {
		return err
	}
	_, _ = verifier.Write(body) // a hash takes everything
	return verifier.Ensure()
}

// readPress reads an interaction.
func readPress(body []byte) (notify.Press, error) {
	var sent struct {
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
	form, err := url.ParseQuery(string(body))
	if err != nil || exactjson.UnmarshalLoose([]byte(form.Get("payload")), &sent) != nil {
		return notify.Press{}, contract.Invalid("it is no form with a payload").
			At("body").
			Advise("send interactions of Slack")
	}
	press := notify.Press{IDs: []string{sent.Trigger}, Event: sent.Type, Account: sent.User.ID}
	if sent.Type != "block_actions" {
		return press, nil
	}
	for _, action := range sent.Actions {
		if action.ID == contract.ButtonApprove || action.ID == contract.ButtonDeny {
			press.IDs = append(press.IDs, action.At)
			press.Event, press.Action, press.AnswerTo = action.ID, action.ID, sent.Answers
			press.Value = contract.Shorten(action.Value, longestValue)
			return press, nil
		}
	}
	press.Idle = true // links are buttons too
	return press, nil
}

// answer sends a text that only whoever pressed the button sees.
func answer(ctx context.Context, client *http.Client, address, text string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "https" || parsed.Host != answersAt || parsed.User != nil {
		return fmt.Errorf("answers go to https://%s alone", answersAt)
	}
	body, err := json.Marshal(map[string]any{
		"response_type": "ephemeral", "replace_original": false,
		"text": strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").
			Replace(contract.Shorten(text, longestAnswer)),
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, parsed.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make an answer to Slack: %w", hidden(err))
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("send an answer to Slack: %w", hidden(err))
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, longestAnswer))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("slack answers %d", response.StatusCode)
	}
	return nil
}

// hidden is an error without the address, which is a secret.
func hidden(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
