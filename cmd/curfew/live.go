package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

// errLeft ends the waiting for a request when somebody presses Ctrl-C.
var errLeft = errors.New("nobody waits any more")

// live is a request on the screen, while somebody waits for it.
type live struct {
	*program
	status client.Answer[contract.Status]
	err    error
	done   bool
}

// The messages that change what is on the screen.
type (
	aSecond struct{}
	changed client.Answer[contract.Status]
	settled struct {
		status client.Answer[contract.Status]
		err    error
	}
)

// awaitShowing keeps one picture of the request on the screen, and takes it away at the end.
func (p *program) awaitShowing(
	ctx context.Context, remote *client.Client, status client.Answer[contract.Status], how patience,
) (client.Answer[contract.Status], error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	screen := tea.NewProgram(&live{program: p, status: status}, tea.WithInput(p.stdin), tea.WithOutput(p.stdout),
		tea.WithContext(ctx), tea.WithoutSignalHandler())
	go func() {
		latest, err := follow(
			ctx,
			remote,
			status,
			how,
			func(_ client.Answer[contract.Event], status client.Answer[contract.Status]) error {
				screen.Send(changed(status))
				return nil
			},
		)
		screen.Send(settled{latest, err})
	}()
	last, err := screen.Run()
	picture, ok := last.(*live)
	if !ok || err != nil {
		return status, err
	}
	return picture.status, picture.err
}

// Init begins to count the seconds.
func (l *live) Init() tea.Cmd { return second() }

func second() tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return aSecond{} })
}

// Update takes news in.
func (l *live) Update(news tea.Msg) (tea.Model, tea.Cmd) {
	switch news := news.(type) {
	case aSecond:
		return l, second()
	case changed:
		l.status = client.Answer[contract.Status](news)
	case settled:
		l.status, l.err, l.done = news.status, news.err, true
		return l, tea.Quit
	case tea.KeyPressMsg:
		if news.String() == "ctrl+c" {
			l.err, l.done = errLeft, true
			return l, tea.Quit
		}
	}
	return l, nil
}

// View is the picture.
func (l *live) View() tea.View {
	if l.done {
		return tea.NewView("")
	}
	status := l.status.Value
	page := newPage()
	page.row("request", status.ID)
	page.row("asks for", fmt.Sprintf("%s for %s: %s", status.Template, status.Duration, beginning(status.Reason)))
	page.row("state", l.stateText(status))
	for _, line := range l.waitsFor(status) {
		page.row("waits for", line)
	}
	if status.State == contract.StatePending {
		page.fact("lapses", l.maybe(status.DecideBy))
	}
	reviewsText(page, status)
	var text strings.Builder
	if err := page.print(&text); err != nil {
		return tea.NewView(err.Error())
	}
	return tea.NewView(text.String() + "\nCtrl-C stops the waiting and leaves the request standing.\n")
}

// waitsFor is what has to come before there is access.
func (p *program) waitsFor(status contract.Status) []string {
	switch status.State {
	case contract.StatePending:
		return []string{"approvals: " + approvalsText(status)}
	case contract.StateScheduled:
		if status.StartAt == nil {
			return nil
		}
		return []string{"its start " + p.appointment(*status.StartAt)}
	case contract.StateGranting:
		var lines []string
		for _, hold := range status.Holds {
			if !hold.Held {
				lines = append(lines, hold.Access.Target+because(hold.Problem))
			}
		}
		return lines
	default:
		return nil
	}
}
