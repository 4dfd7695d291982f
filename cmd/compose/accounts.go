package compose

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"curfew/activities/kinds"
	"curfew/activities/target"
)

// accountsOnTargets looks at the account that each person has on each target and in each directory, where the target
// itself is well.
func (s *survey) accountsOnTargets(ctx context.Context) {
	open, _ := kinds.OpenTargets(asksOf(s.configured)) // AskTargets tells which can't be opened
	var all sync.WaitGroup
	for _, name := range slices.Sorted(maps.Keys(open)) {
		all.Go(func() { s.accountsOn(ctx, name, open[name].Connector) })
	}
	all.Wait()
}

func (s *survey) accountsOn(ctx context.Context, name string, connector target.Connector) {
	checker, can := connector.(target.AccountChecker)
	if !can {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*askWithin)
	defer cancel()
	system := name
	if directory, is := strings.CutPrefix(name, directoriesStart); is {
		system = s.configured.Directories[directory].Accounts
	}
	s.accounts(system, func(account string) error { return checker.CheckAccount(ctx, account) })
}
