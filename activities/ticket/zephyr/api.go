package zephyr

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"curfew/activities/story"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

const (
	replyLimit = 4 << 20 // of a reply, in bytes
	// longestWait bounds what Zephyr may ask us to wait.
	longestWait = time.Hour
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
	request, err := s.request(ctx, e)
	if err != nil {
		return err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return s.site.Unreachable(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, replyLimit))
	if err != nil {
		return s.site.Unreachable(ctx, err)
	}
	isJSON := outbound.IsJSON(response.Header)
	if response.StatusCode < 200 || response.StatusCode >= 300 {
		return s.refusal(e, response, isJSON, body)
	}
	if !isJSON || json.Unmarshal(body, e.receive) != nil {
		return s.site.Strange("something that is not Zephyr's JSON")
	}
	return nil
}

func (s *System) request(ctx context.Context, e exchange) (*http.Request, error) {
	var body []byte
	if e.send != nil {
		var err error
		if body, err = json.Marshal(e.send); err != nil {
			return nil, fmt.Errorf("write a request to Zephyr: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, e.method, s.base+"/"+e.path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make a request to Zephyr: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Authorization", "Bearer "+s.token.Reveal())
	if e.send != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// refusal turns a reply other than success into a problem.
func (s *System) refusal(e exchange, response *http.Response, isJSON bool, body []byte) *contract.Problem {
	status := response.StatusCode
	switch {
	case status == http.StatusUnauthorized:
		return contract.Problemf(contract.KindUnavailable, "", "renew Zephyr's token (tickets.zephyr.token)", "%s does not accept Curfew's token", s.site)
	case status == http.StatusNotFound && isJSON:
		return contract.Problemf(contract.KindNotFound, "zephyr", "check the key, and that the user of Curfew's token may see the project",
			"Zephyr has no %s", e.reference)
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		problem := contract.Problemf(contract.KindUnavailable, "", "wait until Zephyr has recovered", "%s answered %d", s.site, status)
		seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
		if err == nil && seconds > 0 {
			problem.RetryAfter.Duration = time.Duration(min(seconds, int(longestWait.Seconds()))) * time.Second
		}
		return problem
	case status < 400 || !isJSON:
		return s.site.Strange(strconv.Itoa(status) + ", but not in Zephyr's way")
	}
	return contract.Problemf(contract.KindDenied, "zephyr", "let the user of Curfew's token see and change the tests of the project",
		"%s refused with %d: %s", s.site, status, said(body))
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
