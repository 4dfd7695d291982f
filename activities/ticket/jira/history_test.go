package jira_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	double "curfew/internal/sandbox/jira"
	"curfew/workflows/contract"
)

func TestHistoryTellsWhatATicketIsAndWhoMovedIt(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	onBoth(t, func(o *double.Options) { o.Now = func() time.Time { return now } }, func(t *testing.T, s *site) {
		plain, err := s.History(t.Context(), "OPS-7")
		require.NoError(t, err)
		require.Equal(t, "Task", plain.Type)
		require.Empty(t, plain.RequestType)
		require.Empty(t, plain.Reporter)
		require.Empty(t, plain.Moves)

		require.NoError(
			t,
			s.Describe("OPS-7", double.About{Type: "Service Request", RequestType: "Get access", Reporter: other}),
		)
		change, err := s.Move(other, "OPS-7", "Done")
		require.NoError(t, err)
		told, err := s.History(t.Context(), "OPS-7")
		require.NoError(t, err)
		require.Equal(t, "Service Request", told.Type)
		require.Equal(t, "Get access", told.RequestType)
		require.Equal(t, other, told.Reporter)
		require.True(t, told.Done)
		require.True(t, told.CreatedAt.Equal(now))
		require.Len(t, told.Moves, 1)
		require.Equal(t, change, told.Moves[0].ID)
		require.Equal(t, other, told.Moves[0].By)
		require.Equal(t, "Done", told.Moves[0].To)
		require.True(t, told.Moves[0].At.Equal(now))
	})
}

func TestATicketThatHasMovedIsFoundByEachOfItsKeysAndTellsThem(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		second, err := s.MoveTo(other, "OPS-7", "SEC")
		require.NoError(t, err)
		third, err := s.MoveTo(other, second, "LAW")
		require.NoError(t, err)
		for _, key := range []string{"OPS-7", second, third} {
			told, err := s.History(t.Context(), key)
			require.NoError(t, err)
			require.Equal(t, third, told.Key)
			require.ElementsMatch(t, []string{"OPS-7", second, third}, told.Keys())
			require.Empty(t, told.Moves, "its status is what it was")
		}
	})
}

func TestAStatusIsKnownInEitherLanguageAndAMoveByWhereItLed(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		s.Translate("Done", "Fertig")
		_, err := s.Move(other, "OPS-7", "Done")
		require.NoError(t, err)
		told, err := s.History(t.Context(), "OPS-7")
		require.NoError(t, err)
		require.True(t, told.In("done") && told.In("fertig") && !told.In("") && !told.In("Open"))
		require.Equal(t, []string{"Done", "Fertig"}, []string{told.Status, told.ShownStatus})
		require.True(t, told.Moves[0].Into(told.Ticket))
	})
}

func TestTheNewestMoveIsToldHoweverManyThereAre(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		var newest string
		for n := range 120 {
			var err error
			newest, err = s.Move(other, "OPS-7", fmt.Sprint("Step ", n))
			require.NoError(t, err)
		}
		told, err := s.History(t.Context(), "OPS-7")
		require.NoError(t, err)
		ids := map[string]bool{}
		for _, move := range told.Moves {
			ids[move.ID] = true
		}
		require.True(t, ids[newest])
	})
}

func TestAHistoryThatIsNotThereIsNotFound(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		_, err := s.History(t.Context(), "OPS-404")
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok)
		require.Equal(t, contract.KindNotFound, problem.Kind)
		require.Equal(t, "ticket", problem.Field)
	})
}
