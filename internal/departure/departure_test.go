package departure_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/internal/departure"
	"curfew/internal/people"
)

// directory knows ada, who has an account on db, and eve, who has left. Ops are in a directory that nobody asks here.
func directory() *config.Config {
	return &config.Config{
		Directory: people.Directory{
			People: map[string]people.Person{
				"ada": {Accounts: map[string]string{"db": "ada", "mail": "ada@example.org"}},
				"bob": {},
			},
			Leavers: map[string]people.Person{"eve": {Left: true, Accounts: map[string]string{"db": "eve"}}},
			Groups:  map[string]people.Group{"ops": {Directory: "corp"}},
		},
		Targets: map[string]config.Target{"db": {}},
	}
}

func TestARequestEndsWhenTheDirectoryHasNotWhoItIsForAnyMore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		held departure.Held
		want departure.Departure // without the request's id
	}{
		"the same account":               {departure.Held{Person: "ada", Target: "db", Account: "ada"}, departure.Departure{}},
		"the same, in other case":        {departure.Held{Person: "ada", Target: "db", Account: "ADA"}, departure.Departure{}},
		"no access yet":                  {departure.Held{Person: "bob"}, departure.Departure{}},
		"a target that is gone":          {departure.Held{Person: "ada", Target: "old", Account: "a"}, departure.Departure{}},
		"somebody who has left":          {departure.Held{Person: "eve", Target: "db", Account: "eve"}, departure.Departure{Person: "eve", Why: departure.Left}},
		"somebody who waits and left":    {departure.Held{Person: "eve"}, departure.Departure{Person: "eve", Why: departure.Left}},
		"somebody who is missing":        {departure.Held{Person: "dan", Target: "db", Account: "dan"}, departure.Departure{Person: "dan", Why: departure.Missing}},
		"an account that was changed":    {departure.Held{Person: "ada", Target: "db", Account: "lovelace"}, departure.Departure{Person: "ada", Why: departure.Changed, Target: "db", Account: "lovelace"}},
		"an account that was taken away": {departure.Held{Person: "bob", Target: "db", Account: "bob"}, departure.Departure{Person: "bob", Why: departure.Changed, Target: "db", Account: "bob"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.held.Request = "r1"
			found := departure.Of(directory()).Departures([]departure.Held{test.held})
			if test.want.Why == "" {
				require.Empty(t, found)
				return
			}
			test.want.Request = "r1"
			require.Equal(t, []departure.Departure{test.want}, found)
		})
	}
}

func TestWhatADirectoryOfGroupsAnswersMakesNobodyLeave(t *testing.T) {
	t.Parallel()
	held := []departure.Held{{Request: "r1", Person: "ada", Target: "db", Account: "ada"}}
	with := directory()
	without := directory()
	without.Groups = nil
	require.Empty(t, departure.Of(with).Departures(held))
	require.Equal(t, departure.Of(without).Digest(), departure.Of(with).Digest(), "who is in a group is no part of it")
}

func TestTheDigestNamesPeopleTheirAccountsAndWhetherTheyHaveLeft(t *testing.T) {
	t.Parallel()
	digest := departure.Of(directory()).Digest()
	require.Len(t, digest, 64)
	require.Equal(t, digest, departure.Of(directory()).Digest())
	for name, change := range map[string]func(*config.Config){
		"a person":      func(c *config.Config) { delete(c.People, "bob") },
		"an account":    func(c *config.Config) { c.People["ada"].Accounts["db"] = "lovelace" },
		"who has left":  func(c *config.Config) { c.Leavers["bob"] = c.People["bob"]; delete(c.People, "bob") },
		"who came back": func(c *config.Config) { c.People["eve"] = c.Leavers["eve"]; delete(c.Leavers, "eve") },
	} {
		changed := directory()
		change(changed)
		require.NotEqual(t, digest, departure.Of(changed).Digest(), name)
	}
}

func TestMoreThanThreePeopleAndATenthOfTheHoldersAreTooMany(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		holders, leavers int
		tooMany          bool
	}{{3, 3, false}, {4, 4, true}, {39, 3, false}, {39, 4, true}, {40, 4, false}, {40, 5, true}, {100, 10, false}, {100, 11, true}} {
		var held []departure.Held
		for n := range test.holders {
			person := fmt.Sprint("kept-", n)
			if n < test.leavers {
				person = fmt.Sprint("gone-", n)
			}
			for _, request := range []string{"a", "b"} { // two for each person
				held = append(
					held,
					departure.Held{Request: fmt.Sprint(person, request), Person: person, Target: "db", Account: person},
				)
			}
			held = append(held, departure.Held{Request: fmt.Sprint("waits-", n), Person: fmt.Sprint("kept-waits-", n)})
		}
		d := departure.Directory{People: map[string]departure.Entry{}, Targets: []string{"db"}}
		for _, one := range held {
			if one.Person[:4] == "kept" {
				d.People[one.Person] = departure.Entry{Accounts: map[string]string{"db": one.Person}}
			}
		}
		ends := d.Departures(held)
		require.Equal(t, test.leavers, departure.People(ends))
		require.Equal(t, test.tooMany, departure.TooMany(ends, held), "%v", test)
	}
}
