// Package group resolves the members of a group, wherever they are kept: in the configuration, in a directory, or in
// the groups that people's sign-ins have named. Only the configuration decides which person an account or a sign-in is;
// it ignores members that are no person of the configuration.
package group

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"curfew/activities/ledger"
	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/workflows/contract"
)

// Directory is the port to a system that knows who belongs to groups.
type Directory interface {
	// Holders returns those of some accounts that are members of a group, which is in the words of the directory's
	// kind. That there is no such group is an error.
	Holders(ctx context.Context, group json.RawMessage, accounts []string) ([]string, error)
}

// Members are those who belong to a group at a moment.
type Members struct {
	People []string // ids, in order
	// Open is true when others may turn out to be members, by signing in.
	Open bool
}

const (
	// askWithin bounds how long a directory is waited for.
	askWithin = 5 * time.Second
	// lasts is how long an answer of a directory is good.
	lasts = 3 * time.Second
	// mostKept bounds how many answers are kept.
	mostKept = 1000
)

// Groups answers by the configuration that it is given. Without an answer there is an error of the kind Unavailable,
// and never a group with nobody in it.
type Groups struct {
	directories map[string]Directory
	sightings   ledger.Sightings
	now         func() time.Time

	mu   sync.Mutex
	kept map[question]answer
}

type question struct {
	config *config.Config
	group  string
}

type answer struct {
	people []string
	at     time.Time
}

// New makes groups out of the directories by their configured names, and of the sightings.
func New(directories map[string]Directory, sightings ledger.Sightings) *Groups {
	return &Groups{directories: directories, sightings: sightings, now: time.Now, kept: map[question]answer{}}
}

// Members are those of a group; nobody when the configuration has no such group.
func (g *Groups) Members(ctx context.Context, c *config.Config, name string) (Members, error) {
	group := c.Groups[name]
	switch {
	case group.Claim != "":
		people, err := g.claimed(ctx, c, group.Claim)
		return Members{People: people, Open: true}, err
	case group.Directory != "":
		people, err := g.asked(ctx, c, name)
		return Members{People: people}, err
	}
	return Members{People: slices.Sorted(slices.Values(group.People))}, nil
}

// Of are the groups of a person, in order of their names.
func (g *Groups) Of(ctx context.Context, c *config.Config, person string) ([]string, error) {
	var groups []string
	for _, name := range slices.Sorted(maps.Keys(c.Groups)) {
		members, err := g.Members(ctx, c, name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(members.People, person) {
			groups = append(groups, name)
		}
	}
	return groups, nil
}

// claimed are those whose last sign-in named a group, not too long ago.
func (g *Groups) claimed(ctx context.Context, c *config.Config, claim string) ([]string, error) {
	if g.sightings == nil || c.OIDC == nil {
		return nil, contract.Unavailable("nothing tells who is in the provider's group %s", claim).
			Advise("configure oidc")
	}
	seen, err := g.sightings.Seen(ctx, g.now().Add(-c.OIDC.Groups.Lasts.Duration))
	if err != nil {
		return nil, err
	}
	var people []string
	for _, one := range seen {
		if _, known := c.People[one.Person]; known && slices.Contains(one.Groups, claim) {
			people = append(people, one.Person)
		}
	}
	return people, nil
}

// asked are those whom a directory knows as members, which is asked anew every few seconds.
func (g *Groups) asked(ctx context.Context, c *config.Config, name string) ([]string, error) {
	asks := question{c, name}
	if people, known := g.known(asks); known {
		return people, nil
	}
	at := g.now()
	people, err := g.ask(ctx, c, c.Groups[name])
	if err != nil {
		cause := contract.AsProblem(err)
		return nil, contract.Unavailable("who is in the group %s can't be told: %s", name, cause.Fault).
			Advise(cause.Fix)
	}
	g.keep(asks, answer{people, at})
	return people, nil
}

func (g *Groups) ask(ctx context.Context, c *config.Config, group people.Group) ([]string, error) {
	directory, found := g.directories[group.Directory]
	if !found {
		return nil, contract.Unavailable("this process does not ask the directory %s", group.Directory)
	}
	owners := c.AccountsIn(group.Directory)
	if len(owners) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	holders, err := directory.Holders(ctx, group.Spec, slices.Sorted(maps.Keys(owners)))
	var people []string
	for _, account := range holders {
		if person, known := owners[account]; known {
			people = append(people, person)
		}
	}
	slices.Sort(people)
	return slices.Compact(people), err
}

func (g *Groups) known(asks question) ([]string, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	answered, found := g.kept[asks]
	return answered.people, found && g.now().Sub(answered.at) < lasts
}

func (g *Groups) keep(asks question, answered answer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	maps.DeleteFunc(g.kept, func(_ question, old answer) bool { return answered.at.Sub(old.at) >= lasts })
	if len(g.kept) < mostKept {
		g.kept[asks] = answered
	}
}
