package identity

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"curfew/workflows/contract"
)

// checkShape says of a payload whose signature is right what else keeps it from proving anything, before anybody says
// that it is the signature.
func (p *Provider) checkShape(payload []byte) error {
	var all map[string]any
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	if decoder.Decode(&all) != nil {
		return unproven(
			contract.Forbidden("the token has no claims: its payload is no JSON object").
				Advise("have an administrator of the provider see to it"),
		)
	}
	for _, claim := range []string{"exp", "iat", "nbf"} {
		if err := checkTime(claim, all); err != nil {
			return err
		}
	}
	if issuer, is := all["iss"].(string); is && issuer != p.settings.Issuer {
		return p.foreign(issuer)
	}
	if begins := instant(all["nbf"]); begins.After(p.now().Add(skew)) {
		return unproven(
			contract.Forbidden("the token's time has not come yet: it counts from %s on, and here it is %s", clock(begins), clock(p.now())).
				Advise("try again then; if it stays so, set the clocks of Curfew's server and of the provider (NTP)"),
		)
	}
	return p.checkOverage(all)
}

// checkTime holds that a time is a number of seconds, as JWTs have it.
func checkTime(claim string, all map[string]any) error {
	const fix = "have an administrator of the provider look at the mapper or script that writes it"
	value, there := all[claim]
	switch value.(type) {
	case json.Number:
		return nil
	case string:
		return unproven(
			contract.Forbidden("the token's claim %s is text, and must be a number of seconds since 1970", claim).
				Advise(fix),
		)
	}
	switch {
	case there:
		return unproven(
			contract.Forbidden("the token's claim %s is no number of seconds since 1970", claim).Advise(fix),
		)
	case claim == "exp":
		return unproven(
			contract.Forbidden("the token has no claim exp: it would never have expired").
				Advise("have an administrator of the provider give tokens an end"),
		)
	}
	return nil
}

func instant(value any) time.Time {
	number, is := value.(json.Number)
	seconds, err := number.Float64()
	if !is || err != nil {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

func clock(at time.Time) string { return at.UTC().Format("15:04:05 UTC") }

// foreign is about a token of another issuer. Providers that have two, or write theirs in two ways, are told apart by
// what they say.
func (p *Provider) foreign(issuer string) error {
	ours, fix := p.settings.Issuer, "sign in again with curfew login"
	switch {
	case strings.TrimRight(issuer, "/") == strings.TrimRight(ours, "/"):
		fix = "have an administrator write oidc.issuer letter for letter as the token has it, with or without a slash at its end"
	case strings.Contains(issuer, "sts.windows.net"):
		fix = "have an administrator of Entra set requestedAccessTokenVersion to 2 in the manifest of the app that the token is for"
	}
	return unproven(
		contract.Forbidden("the token was issued by another provider than %s: it says %q", ours, contract.Shorten(issuer, longestGroup)).
			Advise(fix),
	)
}

// checkOverage refuses a token that has left the groups out because there are too many of them. That is not the same as
// none.
func (p *Provider) checkOverage(all map[string]any) error {
	claim := p.settings.Groups.Claim
	if claim == "" {
		return nil
	}
	elsewhere, _ := all["_claim_names"].(map[string]any)
	_, named := elsewhere[claim]
	_, inside := all[claim]
	if !named && (inside || !slices.Contains([]any{true, "true"}, all["hasgroups"])) {
		return nil
	}
	return contract.Forbidden("you are in more groups than the provider puts into a token, so nobody knows which: the claim %s has been left out of it", claim).
		Advise("have an administrator of the provider put fewer groups into the tokens for Curfew: those that are assigned to the application alone, " +
			"or app roles; docs/identity.md says how, under Entra")
}
