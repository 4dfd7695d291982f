package people

import (
	"context"
	"maps"
	"net/http"

	"curfew/internal/chaos/judge"
	"curfew/internal/chaos/plan"
)

// invalid is what is wrong with requests that must be refused.
var invalid = map[plan.Trial]map[string]any{
	plan.NoDuration:    {"duration": "0s"},
	plan.TooLong:       {"duration": "9h"},
	plan.NoTemplate:    {"template": "nothing"},
	plan.NoTicket:      {"ticket": ""},
	plan.StrangeTicket: {"ticket": "OPS-7/../8"},
	plan.NoReason:      {"reason": ""},
}

// try does what must come to nothing.
func (c *Simulator) try(ctx context.Context, n int, how plan.Trial) {
	if how == plan.ForgeRequest {
		c.forgeRequest(ctx, n)
		return
	}
	id, err := newID()
	if err != nil {
		return
	}
	body := map[string]any{
		"id":       id,
		"template": plan.Read,
		"duration": "30s",
		"reason":   "bad input",
		"ticket":   c.Tickets[n%len(c.Tickets)],
	}
	maps.Copy(body, invalid[how])
	by := c.People[n%len(c.People)].ID
	c.actLog.insist(ctx, judge.Said{Request: id, By: by, Act: judge.ActAskInvalid}, func(ctx context.Context) error {
		_, err := c.api.call(ctx, by, http.MethodPost, "/v1/requests", body)
		return err
	})
}
