package config

import (
	"crypto/sha256"
	"crypto/subtle"

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
