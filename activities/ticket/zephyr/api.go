package zephyr

import (
	"context"
	"encoding/json"
	"net/http"

	"curfew/activities/story"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

const (
	replyLimit = 4 << 20 // of a reply, in bytes
	// messageLimit bounds what is repeated of Zephyr's own words, in UTF-16 code units.
	messageLimit = 300
)

// exchange is one request to Zephyr and what its reply is decoded into.
type exchange struct {
	method    string
	path      string
	reference string // that it is about, for messages
	send      any
	receive   any
}

// call sends a request. After an error other than a refusal its effect is unknown.
func (s *System) call(ctx context.Context, e exchange) error {
	answer, err := s.api.Do(ctx, outbound.Call{Method: e.method, Path: "/" + e.path, Send: e.send})
	switch {
	case err != nil:
		return err
	case !answer.OK():
		return s.refusal(e, answer)
	case !answer.JSON(e.receive):
		return s.api.Strange("something that is not Zephyr's JSON")
	}
	return nil
}

// refusal turns a reply other than success into a problem.
func (s *System) refusal(e exchange, answer outbound.Answer) *contract.Problem {
	switch status := answer.Status; {
	case status == http.StatusUnauthorized:
		return contract.Unavailable("%s does not accept Curfew's token", s.api).
			Advise("renew Zephyr's token (tickets.zephyr.token)")
	case status == http.StatusNotFound && answer.IsJSON():
		return contract.NotFound("Zephyr has no %s", e.reference).
			At("zephyr").
			Advise("check the key, and that the user of Curfew's token may see the project")
	case answer.Passes():
		problem := contract.Unavailable("%s answered %d", s.api, status).Advise("wait until Zephyr has recovered")
		problem.RetryAfter = answer.RetryAfter(outbound.LongestPause, "")
		return problem
	case status < 400 || !answer.IsJSON():
		return s.api.Strange("%d, but not in Zephyr's way", status)
	}
	return contract.Denied("%s refused with %d: %s", s.api, answer.Status, said(answer.Body)).
		At("zephyr").
		Advise("let the user of Curfew's token see and change the tests of the project")
}

// said is what Zephyr gives as its reason, in one bounded line.
func said(body []byte) string {
	var reply struct {
		Message string `json:"message"`
	}
	_ = json.Unmarshal(body, &reply) // what can't be read stays empty
	if message := story.OneLine(reply.Message, messageLimit); message != "" {
		return message
	}
	return "no reason given"
}
