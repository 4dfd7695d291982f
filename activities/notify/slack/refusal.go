package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	goslack "github.com/slack-go/slack"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

// longestWait bounds what Slack may ask us to wait.
const longestWait = 10 * time.Minute

var errStrange = errors.New("it does not say which message it has posted")

// What Slack says of tokens, of its own troubles, and of what the bot may do in the channel.
var (
	ofToken = []string{
		"not_authed", "invalid_auth", "account_inactive", "token_revoked", "token_expired", "org_login_required",
	}
	ofTheMoment = []string{
		"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
		"accesslimited", "team_added_to_org",
	}
	ofChannel = []string{"not_in_channel", "channel_not_found", "is_archived"}
	// ofMessage are about one message: a plainer one, or the next, may be taken.
	ofMessage = []string{
		"internal_error",
		"fatal_error",
		"invalid_blocks",
		"invalid_blocks_format",
		"msg_too_long",
		"msg_blocks_too_long",
		"no_text",
		"message_limit_exceeded",
		"metadata_too_large",
		"invalid_arguments",
		"invalid_json",
		"invalid_charset",
	}
)

// aboutMessage is the problem of a call that writes a message.
func aboutMessage(err error) error {
	var (
		refused goslack.SlackErrorResponse
		status  goslack.StatusCodeError
		told    *contract.Problem
	)
	all := problem(err)
	if !errors.As(all, &told) {
		return all
	}
	switch {
	case errors.As(err, &refused) && slices.Contains(ofMessage, refused.Err):
		return &story.NotTaken{Problem: told}
	case errors.As(err, &status):
		return story.Refused(told, status.Code, true)
	}
	return all
}

// problem turns what the library failed with into a problem that shows no token. It passes problems on.
func problem(err error) error {
	var (
		limited *goslack.RateLimitedError
		refused goslack.SlackErrorResponse
		status  goslack.StatusCodeError
		told    *contract.Problem
	)
	switch {
	case err == nil, errors.As(err, &told):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("ask Slack: %w", stripped(err))
	case errors.As(err, &limited):
		p := contract.Unavailable("Slack asks Curfew to wait")
		p.RetryAfter.Duration = min(max(limited.RetryAfter, 0), longestWait)
		return p
	case errors.As(err, &refused):
		return refusal(refused)
	case errors.As(err, &status):
		return contract.Unavailable("Slack answered %d", status.Code).
			Advise("see that the channel's url leads to Slack's Web API")
	default:
		return contract.Unavailable("Slack gave no proper answer: %v", stripped(err)).
			Advise("see that Slack can be reached from here")
	}
}

func refusal(refused goslack.SlackErrorResponse) error {
	code := contract.Shorten(refused.Err, 60)
	switch {
	case slices.Contains(ofToken, code):
		return contract.Unavailable("Slack does not accept Curfew's token (%q)", code).
			Advise("renew the token of the channel in the configuration")
	case slices.Contains(ofTheMoment, code):
		return contract.Unavailable("Slack answered %q", code).Advise("wait until Slack has recovered")
	case slices.Contains(ofChannel, code):
		return contract.Denied("Slack refused with %q", code).
			Advise("invite Curfew's bot into the channel, and check the channel's id")
	case code == "missing_scope":
		return contract.Denied("Slack's token lacks the scope %q", contract.Shorten(refused.Needed, 60)).
			Advise("give the app the scope, and install it again")
	default:
		return contract.Denied("Slack refused with %q", code).
			Advise("see what the workspace lets Curfew's bot do in the channel")
	}
}

// stripped is without the address, which says nothing new.
func stripped(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}
