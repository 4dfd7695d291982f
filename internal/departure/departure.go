// Package departure compares the access that people have with the directory: whose access has to end, because they have
// left, or because the directory does not have them or their account any more. It changes nothing and asks nobody.
package departure

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"curfew/internal/config"
	"curfew/internal/people"
)

// Entry is what the directory says of a person that matters to access.
type Entry struct {
	Left     bool              `json:"left,omitempty"`
	Accounts map[string]string `json:"accounts,omitempty"` // by target
}

// Directory is a version of the directory.
type Directory struct {
	People  map[string]Entry `json:"people"`
	Targets []string         `json:"targets"` // that are configured; what is held elsewhere is not compared
}

// Of is the directory of a configuration.
func Of(c *config.Config) Directory {
	d := Directory{People: map[string]Entry{}, Targets: c.TargetNames()}
	take := func(id string, person people.Person, left bool) {
		entry := Entry{Left: left, Accounts: map[string]string{}}
		for _, target := range d.Targets {
			if account := person.Accounts[target]; account != "" {
				entry.Accounts[target] = account
			}
		}
		d.People[id] = entry
	}
	for id, person := range c.People {
		take(id, person, false)
	}
	for id, person := range c.Leavers {
		take(id, person, true)
	}
	return d
}

// Digest names this version of the directory: SHA-256 of its JSON, in hex.
func (d Directory) Digest() string {
	text, err := json.Marshal(d) // the keys of maps are sorted
	if err != nil {
		return "" // texts can be written as JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Held is one access that a request holds up for somebody. A request that gives none yet has one without target and
// account.
type Held struct {
	Request string `json:"request" doc:"The request"`
	Person  string `json:"person" doc:"Who has, or would get, the access: a person's id"`
	Target  string `json:"target,omitempty" doc:"Where; absent when the request gives no access yet"`
	Account string `json:"account,omitempty" doc:"The subject's name on the target that was granted"`
}

// Why somebody's access has to end.
type Why string

// The reasons there are.
const (
	Left    Why = "left"    // the directory says that they have
	Missing Why = "missing" // the directory does not have the person any more
	Changed Why = "changed" // the person has another account there by now, or none
)

// Departure is one request that has to end.
type Departure struct {
	Request string `json:"request" doc:"The request that ends"`
	Person  string `json:"person" doc:"Who loses the access: a person's id"`
	Why     Why    `json:"why" enum:"left,missing,changed" doc:"left: the directory says so; missing: it does not have the person any more; changed: the person has another account there, or none"`
	// Target and Account say what has changed; empty when it is the person.
	Target  string `json:"target,omitempty" doc:"Where the account has changed"`
	Account string `json:"account,omitempty" doc:"The account that was granted"`
}

// Absent names what the directory has lost, for counting how long it has been lost.
func (d Departure) Absent() string {
	if d.Why != Changed {
		return d.Person
	}
	return d.Person + "/" + d.Target + "/" + d.Account
}

// Departures are the requests that have to end by this version of the directory, one for each request, by their ids.
func (d Directory) Departures(held []Held) []Departure {
	found := map[string]Departure{}
	for _, one := range held {
		why, ends := d.ends(one)
		if _, known := found[one.Request]; !ends || known {
			continue
		}
		departure := Departure{Request: one.Request, Person: one.Person, Why: why}
		if why == Changed {
			departure.Target, departure.Account = one.Target, one.Account
		}
		found[one.Request] = departure
	}
	all := make([]Departure, 0, len(found))
	for _, departure := range found {
		all = append(all, departure)
	}
	slices.SortFunc(all, func(a, b Departure) int { return cmp.Compare(a.Request, b.Request) })
	return all
}

func (d Directory) ends(one Held) (Why, bool) {
	entry, known := d.People[one.Person]
	switch {
	case !known:
		return Missing, true
	case entry.Left:
		return Left, true
	case one.Target == "" || !slices.Contains(d.Targets, one.Target):
		return "", false
	}
	return Changed, !people.SameAccount(entry.Accounts[one.Target], one.Account)
}

// fewest is how many people may always lose their access by one change of the directory.
const fewest = 3

// TooMany is true when so many people would lose their access that a mistake is likelier: more than three, and more
// than a tenth of those who have any.
func TooMany(departures []Departure, held []Held) bool {
	return People(departures) > Most(held)
}

// Most is how many people may lose their access without a confirmation.
func Most(held []Held) int {
	holders := map[string]bool{}
	for _, one := range held {
		if one.Target != "" {
			holders[one.Person] = true
		}
	}
	return max(fewest, len(holders)/10)
}

// People is how many the departures are of.
func People(departures []Departure) int {
	people := map[string]bool{}
	for _, departure := range departures {
		people[departure.Person] = true
	}
	return len(people)
}
