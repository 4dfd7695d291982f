package config

import (
	"fmt"
	"slices"

	"curfew/internal/strictyaml"
)

func (r *reading) whom(c *Config, people People, at path) {
	r.ReferEach(people.People, at.Key("people"), c.PersonNames())
	r.ReferEach(people.Groups, at.Key("groups"), c.GroupNames())
}

func (r *reading) whoAsks(c *Config, template *Template, at path) {
	named := People{template.Requesters.People, template.Requesters.Groups}
	r.whom(c, named, at.Key("requesters"))
	if template.Requesters.BindSubject && len(named.People)+len(named.Groups) == 0 {
		r.wrong(at.Key("requesters").Key("bindSubject"), "binds to nobody: everybody may ask",
			"name people or groups beside it, or take it out")
	}
	r.ReferEach(template.OnBehalf.Groups, at.Key("onBehalf"), c.GroupNames())
}

func (r *reading) approvals(c *Config, template *Template, at path) {
	if len(template.Approvals) == 0 {
		if template.Approval.Count == 0 && len(template.Approval.From) == 0 && len(template.Automatic) > 0 {
			return
		}
		r.approval(c, template.Approval, at.Key("approval"))
		return
	}
	if template.Approval.Count != 0 || len(template.Approval.From) > 0 {
		r.wrong(at.Key("approvals"), "is there beside approval", "keep one of them")
	}
	var names []string
	for i := range template.Approvals {
		rule := &template.Approvals[i]
		r.approvalRule(c, rule, at.Key("approvals").Item(i))
		names = append(names, rule.Name)
	}
	r.named(names, at.Key("approvals"))
}

// approval checks the short form.
func (r *reading) approval(c *Config, approval Approval, at path) {
	r.ReferEach(approval.From, at.Key("from"), c.PersonNames())
	switch {
	case approval.Count == 0 && !r.Written(r.said(at.Key("count"))):
		r.wrong(at.Key("count"), "is missing", "write how many must approve: 1 or more")
	case approval.Count > len(approval.From):
		r.wrong(at.Key("count"), fmt.Sprintf("is more than the %d people in from", len(approval.From)),
			"lower it, or name more people in from")
	}
}

func (r *reading) approvalRule(c *Config, rule *ApprovalRule, at path) {
	first := People{rule.People, rule.Groups}
	r.whom(c, first, at)
	r.whom(c, rule.Then, at.Key("then"))
	escalates := len(rule.Then.People)+len(rule.Then.Groups) > 0
	switch {
	case rule.After.Duration > 0 && !escalates:
		r.wrong(at.Key("after"), "leads to nobody",
			"name the people or groups who may review from then on in then, or take it out")
	case rule.After.Duration == 0 && escalates:
		r.wrong(at.Key("then"), "has no time", "write after how long in after, like 15m")
	}
	everybody, known := c.Everybody(
		slices.Concat(rule.People, rule.Then.People),
		slices.Concat(rule.Groups, rule.Then.Groups)...)
	most := len(everybody)
	for _, number := range []struct {
		key   string
		value int
	}{{"approve", rule.Approve}, {"deny", rule.Deny}} {
		if known && number.value > most && !r.Lost(path{"groups"}) {
			r.wrong(at.Key(number.key), fmt.Sprintf("is more than the %d people whom the rule names", most),
				"lower it, or name more people or groups")
		}
	}
}

// named holds that each thing of a list has a name of its own.
func (r *reading) named(names []string, at path) {
	for i, name := range names {
		switch {
		case name == "": // it is missing
		case !strictyaml.IsID(name):
			r.Name(name, at.Item(i).Key("name"))
		case slices.Index(names, name) < i:
			r.wrong(at.Item(i).Key("name"), fmt.Sprintf("%s is there already", name), "choose another")
		}
	}
}

func (r *reading) breakGlass(c *Config, template *Template, at path) {
	rule := template.BreakGlass
	r.ReferEach(rule.Groups, at.Key("groups"), c.GroupNames())
	if longest := template.Duration.Max; longest.Duration > 0 && rule.MaxDuration.Duration > longest.Duration {
		r.wrong(at.Key("maxDuration"), fmt.Sprintf("%s is longer than duration.max", rule.MaxDuration),
			"lower it to at most "+longest.String())
	}
	if rule.Ticket != (TicketPlace{}) {
		r.ticketPlace(c, rule.Ticket, at.Key("ticket"))
	}
}
