package starter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/starter"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestATemplateSaysOfEachPersonWhetherAndHowTheyMayAskForIt(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	day := contract.Duration{Duration: 24 * time.Hour}
	house.Config.Groups = map[string]people.Group{"oncall": {People: []string{"bob"}}}
	template := house.Config.Templates["read-logs"]
	template.Requesters.People = []string{"alice", "bob", "carol"}
	template.OnBehalf = config.OnBehalf{Groups: []string{"oncall"}}
	template.StartWithin, template.Duration.Min = day, hours(1)
	template.BreakGlass = config.BreakGlass{Groups: []string{"oncall"}, MaxDuration: hours(2), ReviewWithin: day}
	template.Approval = config.Approval{Count: 1, From: []string{"carol"}}
	house.Config.Templates["read-logs"] = template
	of := func(person string) starter.Template {
		t.Helper()
		templates, err := house.Starter.Current().Templates(t.Context(), person)
		require.NoError(t, err)
		for _, one := range templates {
			if one.Name == "read-logs" {
				return one
			}
		}
		require.Fail(t, "the template is not listed")
		return starter.Template{}
	}

	alice, bob, erin, carol := of("alice"), of("bob"), of("erin"), of("carol")

	require.Empty(t, alice.MayNotAsk)
	require.False(t, alice.OnBehalf)
	require.Nil(t, alice.BreakGlass)
	require.Equal(t, day, alice.StartWithin)
	require.Equal(t, hours(1), alice.MinDuration)
	require.Empty(t, bob.MayNotAsk)
	require.True(t, bob.OnBehalf)
	require.Equal(t, &starter.BreakGlass{MaxDuration: hours(2), ReviewWithin: day}, bob.BreakGlass)
	require.Equal(t, "erin may not ask for read-logs", erin.MayNotAsk)
	require.Contains(t, carol.MayNotAsk, "only 0 reviewers", "nobody could approve it")
}
