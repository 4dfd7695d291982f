package policy

import (
	"fmt"
	"strings"
	"time"

	"curfew/workflows/contract"
)

// Break is how long a person has to be without an access for their next time not to go on from the one before.
const Break = 15 * time.Minute

// begins is when the access would begin, or has.
func (f Facts) begins() time.Time {
	switch {
	case f.Extension != nil && !f.GrantedAt.IsZero():
		return f.GrantedAt
	case f.Request.StartAt.After(f.Now):
		return f.Request.StartAt
	}
	return f.Now
}

// withoutBreak is how long the subject would have had the access in the end without a break.
func (f Facts) withoutBreak() contract.Duration {
	begins := f.begins()
	since := begins
	if !f.ContinuousSince.IsZero() && f.ContinuousSince.Before(since) {
		since = f.ContinuousSince
	}
	return contract.Duration{Duration: begins.Sub(since) + f.duration().Duration}
}

// tooLongWithoutBreak says what is wrong with access that goes on from earlier access.
func (s termsVersion) tooLongWithoutBreak(facts Facts) string {
	most := s.Rules.MaxContinuous
	if most.Duration > 0 && facts.Uncounted {
		return fmt.Sprintf(
			"the template allows this access for %s without a break, and %s has had too much access lately to tell since when without a break",
			most,
			facts.Request.Subject,
		)
	}
	if lasts := facts.withoutBreak(); most.Duration > 0 && lasts.Duration > most.Duration {
		return fmt.Sprintf("%s would have this access for %s without a break of %s, and the template allows %s",
			facts.Request.Subject, rounded(lasts), contract.Duration{Duration: Break}, most)
	}
	return ""
}

// unreviewed says what is wrong with using break-glass access again.
func (s termsVersion) unreviewed(facts Facts) string {
	if !facts.Request.BreakGlass || !s.Rules.BreakGlass.Once || len(facts.Unreviewed) == 0 || facts.Extension != nil {
		return ""
	}
	return fmt.Sprintf("%s has used break-glass access before, and nobody has reviewed it yet: %s",
		facts.Request.Requester, strings.Join(facts.Unreviewed, ", "))
}

// goesOn tells reviewers, and whoever reads the story, that the access goes on from earlier access.
func (f Facts) goesOn() string {
	if f.ContinuousSince.IsZero() || f.Extension != nil {
		return ""
	}
	so := contract.Duration{Duration: f.begins().Sub(f.ContinuousSince)}
	return fmt.Sprintf("; %s has had this access for %s without a break, since %s", f.Request.Subject, rounded(so),
		f.ContinuousSince.UTC().Format(time.RFC3339))
}

func rounded(d contract.Duration) contract.Duration {
	d.Duration = d.Round(time.Second)
	return d
}
