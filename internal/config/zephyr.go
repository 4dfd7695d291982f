package config

import (
	"cmp"

	"curfew/workflows/contract"
)

// defaultZephyr is where Zephyr's API is for all Jira sites but those whose data is kept in the EU.
const defaultZephyr = "https://api.zephyrscale.smartbear.com/v2"

// zephyr checks that its references can lead somewhere: they name issues of a Jira site by their ids there.
func (r *reading) zephyr(c *Config, at path) {
	zephyr := c.Tickets.Zephyr
	zephyr.URL = r.address(at.key("url"), cmp.Or(zephyr.URL, defaultZephyr))
	r.behindTLS(at.key("url"), zephyr.URL, "the token")
	if zephyr.Token.IsZero() {
		r.wrong(at.key("token"), contract.Invalid("is missing").Advise("write env:NAME or file:/path"))
	}
	if c.Tickets.Jira == nil && !r.lost(path{"tickets", "jira"}) {
		r.wrong(at, contract.Invalid("has no Jira beside it").Advise("set tickets.jira to the site that Zephyr is in"))
	}
}
