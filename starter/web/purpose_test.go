package web

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/starter/page"
	"curfew/workflows/contract"
)

func TestTheFormAsksForEveryFieldOfThePurposeAndSendsIt(t *testing.T) {
	t.Parallel()
	form := asking{Values: map[string]string{}, Zephyr: true}
	form.Ticket = config.TicketOptional
	for _, field := range contract.PurposeFields() {
		form.Values[field.Name] = "the " + field.Name
	}
	shown := httptest.NewRecorder()
	require.NoError(t, (&page.Frame{}).Show(shown, 200, askPage, page.View{Viewer: &page.Viewer{}, Content: form}))
	require.NotContains(t, form.Optional(), "Ticket", "everybody is asked for it")
	ask, err := form.asked("ann")
	require.NoError(t, err)
	for _, field := range contract.PurposeFields() {
		require.Contains(t, shown.Body.String(), `name="`+field.Name+`"`)
		require.Contains(t, shown.Body.String(), "the "+field.Name)
		require.Contains(t, shown.Body.String(), field.Label)
		require.Equal(t, "the "+field.Name, *field.In(&ask.Purpose))
		require.Contains(t, fields(), field.Name, "what was typed is kept")
	}
}

func TestTheTicketIsAskedForAsTheTemplateSays(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule     string
		zephyr   bool
		offered  bool
		required bool
		note     string
	}{
		"none":                     {config.TicketNone, false, false, false, ""},
		"one may be given":         {config.TicketOptional, false, true, false, "if there is one"},
		"one must be given":        {config.TicketRequired, false, true, true, ""},
		"a test may stand for it":  {config.TicketRequired, true, true, false, ""},
		"neither has to be given ": {config.TicketOptional, true, true, false, "if there is one"},
	} {
		form := asking{Zephyr: tc.zephyr}
		form.Ticket = tc.rule
		for _, field := range contract.PurposeFields() {
			input, offered := form.input(field)
			switch field.Name {
			case contract.FieldTicket:
				require.Equal(t, tc.offered, offered, name)
				if offered {
					require.Equal(t, tc.required, input.Required, name)
					require.Equal(t, tc.note, input.Note, name)
				}
			case contract.FieldZephyr:
				require.Equal(t, tc.zephyr, offered, name)
				require.False(t, input.Required)
			}
		}
	}
}
