package policy

import (
	"fmt"
	"slices"
	"time"

	"curfew/workflows/contract"
)

// obstacles are what no review can help.
func (d *deciding) obstacles() []string {
	reasons := strangers(d.facts)
	if d.facts.Present == nil {
		reasons = append([]string{fmt.Sprintf("the template %s is gone", d.facts.Request.Template)}, reasons...)
	}
	reasons = append(reasons, notGiven(d.facts)...)
	if asked := d.facts.duration(); asked.Duration <= 0 {
		reasons = append(reasons, fmt.Sprintf("the duration %s is not longer than zero", asked))
	}
	for _, version := range d.versions {
		// What both terms say is reported once, in the words of the pinned ones.
		reasons = union(reasons, version.parties(d.facts))
		reason := version.tooLong(d.facts)
		if reason != "" && !slices.Contains(reasons, d.versions[0].tooLong(d.facts)) {
			reasons = append(reasons, reason)
		}
		for _, reason := range []string{version.tooShort(d.facts), version.tooLongWithoutBreak(d.facts), version.unreviewed(d.facts)} {
			if reason != "" {
				reasons = union(reasons, []string{reason})
			}
		}
		if d.facts.Extension == nil {
			reasons = union(reasons, version.beginning(d.facts))
			reasons = union(reasons, version.evidence(d.facts))
		} else {
			reasons = union(reasons, version.extension(*d.facts.Extension))
		}
		reasons = union(reasons, d.evaluation.broken(version.Rules.Constraints))
	}
	return reasons
}

func strangers(facts Facts) []string {
	var reasons []string
	if !known(facts, facts.Request.Requester) {
		reasons = append(reasons, fmt.Sprintf("the requester %q is no known person", facts.Request.Requester))
	}
	if facts.Request.Subject != facts.Request.Requester && !known(facts, facts.Request.Subject) {
		reasons = append(reasons, fmt.Sprintf("the subject %q is no known person", facts.Request.Subject))
	}
	return reasons
}

// parties are what is wrong with who asks, and for whom.
func (s termsVersion) parties(facts Facts) []string {
	var reasons []string
	asks, gets := facts.Request.Requester, facts.Request.Subject
	if requesters := s.Rules.Requesters; !requesters.IsZero() && !facts.includes(requesters, asks) {
		reasons = append(reasons, fmt.Sprintf("%s may not ask for %s", asks, facts.Request.Template))
	}
	// Nobody knows the subject yet where it is asked who may ask for anybody.
	if bound := s.Rules.BindSubject && gets != "" && gets != asks; bound && !facts.includes(s.Rules.Requesters, gets) {
		reasons = append(reasons, fmt.Sprintf("%s may not get %s, whoever asks for it", gets, facts.Request.Template))
	}
	if behalf := s.Rules.OnBehalf; asks != gets && !behalf.Anybody && !facts.inAny(behalf.Groups, asks) {
		reasons = append(
			reasons,
			fmt.Sprintf("%s may not ask for %s on behalf of somebody else", asks, facts.Request.Template),
		)
	}
	if facts.Request.BreakGlass && !facts.inAny(s.Rules.BreakGlass.Groups, asks) {
		reasons = append(reasons, fmt.Sprintf("%s may not use break-glass access to %s", asks, facts.Request.Template))
	}
	return reasons
}

// tooLong says what is wrong with a length of time that is one.
func (s termsVersion) tooLong(facts Facts) string {
	asked, longest := facts.duration(), s.MaxDuration
	kind := "maximum"
	if facts.Request.BreakGlass && s.Rules.BreakGlass.MaxDuration.Duration < longest.Duration {
		longest, kind = s.Rules.BreakGlass.MaxDuration, "maximum of break-glass access"
	}
	switch {
	case asked.Duration > longest.Duration && s.pinned:
		return fmt.Sprintf("the duration %s is over the template's %s of %s", asked, kind, longest)
	case asked.Duration > longest.Duration:
		return fmt.Sprintf("the duration %s is over the %s of %s that the template has now", asked, kind, longest)
	}
	return ""
}

func (s termsVersion) tooShort(facts Facts) string {
	asked, shortest := facts.Request.Duration, s.Rules.MinDuration
	if facts.Extension == nil && asked.Duration > 0 && asked.Duration < shortest.Duration {
		return fmt.Sprintf("the duration %s is under the template's minimum of %s", asked, shortest)
	}
	return ""
}

// beginning is what is wrong with a scheduled start.
func (s termsVersion) beginning(facts Facts) []string {
	start, asked, within := facts.Request.StartAt, facts.Request.AskedAt, s.Rules.StartWithin
	switch {
	case start.IsZero():
		return nil
	case within.Duration == 0:
		return []string{"the template allows no scheduled start"}
	case start.Before(asked):
		return []string{fmt.Sprintf("the start %s is before the request was asked", start.UTC().Format(time.RFC3339))}
	case start.Sub(asked) > within.Duration:
		return []string{fmt.Sprintf("the start %s is more than %s ahead", start.UTC().Format(time.RFC3339), within)}
	}
	return nil
}

// extension is what is wrong with a later end, beside its length.
func (s termsVersion) extension(asked Extension) []string {
	var reasons []string
	rule := s.Rules.Extension
	if rule.Most != nil && asked.Earlier >= *rule.Most {
		reasons = append(
			reasons,
			fmt.Sprintf("the template allows %d extensions, and the request has had %d", *rule.Most, asked.Earlier),
		)
	}
	if rule.Total.Duration > 0 && asked.Added.Duration > rule.Total.Duration {
		reasons = append(
			reasons,
			fmt.Sprintf("extensions may add %s in all, and would add %s", rule.Total, asked.Added),
		)
	}
	if rule.Review && !asked.Anew {
		reasons = append(reasons, "the template asks for reviews of each extension")
	}
	return reasons
}

// notGiven are the accesses of the request that its template does not give any more, or never gave.
func notGiven(facts Facts) []string {
	if facts.Present == nil {
		return nil
	}
	var reasons []string
	for _, access := range facts.Request.Terms.Accesses {
		given := slices.ContainsFunc(
			facts.Present.Accesses,
			func(a contract.Access) bool { return a.GrantID() == access.GrantID() },
		)
		if !given || access.Person != facts.Request.Subject {
			reasons = append(
				reasons,
				fmt.Sprintf(
					"the template %s does not give %s this access to %s now",
					facts.Request.Template,
					facts.Request.Subject,
					access.Target,
				),
			)
		}
	}
	return reasons
}
