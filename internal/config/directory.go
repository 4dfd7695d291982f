package config

import (
	"crypto/sha256"
	"crypto/subtle"
	"maps"
	"slices"

	"curfew/workflows/contract"
)

// PersonByToken finds whose bearer token this is. It takes the same time whether and whomever it finds: every token
// is compared, by its digest.
func (c *Config) PersonByToken(token string) (id string, ok bool) {
	presented := sha256.Sum256([]byte(token))
	for candidate, person := range c.People {
		if person.Token.IsZero() {
			continue
		}
		digest := sha256.Sum256([]byte(person.Token.Reveal()))
		if subtle.ConstantTimeCompare(presented[:], digest[:]) == 1 {
			id = candidate
		}
	}
	return id, id != ""
}

// Account is the name that a person has on a target; false when the directory knows none.
func (c *Config) Account(person, target string) (string, bool) {
	account := c.People[person].Accounts[target]
	return account, account != ""
}

// Systems beside targets on which people have accounts.
const (
	SystemJira       = "jira"       // the account id at Jira Cloud, the user key at a data center
	SystemPagerDuty  = "pagerduty"  // the user's id, like PABC123
	SystemServiceNow = "servicenow" // the user's sys_id
	SystemSlack      = "slack"      // the member's id, like U012ABCDEF
	SystemMail       = "mail"       // an address
)

// Systems are those beside targets that the configuration names, and so people may have accounts on.
func (c *Config) Systems() []string {
	has := map[string]bool{
		SystemJira:      c.Tickets.Jira != nil,
		SystemPagerDuty: c.Incidents.PagerDuty != nil, SystemServiceNow: c.Incidents.ServiceNow != nil,
	}
	for name, directory := range c.Directories {
		if directory.Accounts == name {
			has[name] = true
		}
	}
	for _, channel := range c.Notify {
		has[SystemSlack] = has[SystemSlack] || channel.Slack != nil
		has[SystemMail] = has[SystemMail] || channel.SMTP != nil
	}
	for _, hook := range c.Hooks {
		has[SystemSlack] = has[SystemSlack] || hook.Verify == VerifySlack
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(has)), func(name string) bool { return !has[name] })
}

// PersonByAccount finds whose account this is on a target or system.
func (c *Config) PersonByAccount(system, account string) (id string, ok bool) {
	for candidate, person := range c.People {
		if account != "" && fold(person.Accounts[system]) == fold(account) {
			return candidate, true // nobody shares an account
		}
	}
	return "", false
}

// Accesses is what a template gives a person. Where the person has no account, missing is the target's name.
func (c *Config) Accesses(template Template, person string) (accesses []contract.Access, missing string) {
	for _, entitlement := range template.Entitlements {
		account, ok := c.Account(person, entitlement.Target)
		if !ok {
			return nil, entitlement.Target
		}
		accesses = append(accesses, contract.Access{
			Target: entitlement.Target, Entitlement: entitlement.Spec, Person: person, Account: account,
			TaskQueue: c.Targets[entitlement.Target].TaskQueue, ReadBack: contract.ReadBack(entitlement.ReadBack),
		})
	}
	return accesses, ""
}
