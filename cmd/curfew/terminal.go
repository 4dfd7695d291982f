package main

import (
	"context"
	"errors"
	"io"
	"os"

	"charm.land/huh/v2"
	"charm.land/lipgloss/v2"
	"golang.org/x/term"
)

// accessibleEnv makes forms plain lines of text, for screen readers.
const accessibleEnv = "ACCESSIBLE"

// interactive is true where somebody can be asked: on a terminal, unless the flags say that nothing is to be asked, or
// that a program reads the answer.
func (p *program) interactive() bool {
	return !p.noInput && p.output == outputText && isTerminal(p.stdin) && isTerminal(p.stdout)
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// errDeclined ends a run in which somebody was asked and did not go on.
var errDeclined = &ending{exitDeclined, "nothing was changed"}

// fill has somebody fill in a form. What the fields show must be printable.
func (p *program) fill(ctx context.Context, fields ...huh.Field) error {
	plain := p.getenv(accessibleEnv) != "" || p.getenv("TERM") == "dumb"
	form := huh.NewForm(huh.NewGroup(fields...)).
		WithInput(p.stdin).WithOutput(p.stdout).WithAccessible(plain).
		WithTheme(huh.ThemeFunc(huh.ThemeBase16)) // the terminal's own colours
	filled := make(chan error, 1)
	go func() { filled <- form.RunWithContext(ctx) }()
	if plain { // such a form goes on reading when nobody wants it any more
		select {
		case err := <-filled:
			return err
		case <-ctx.Done():
			return errors.Join(p.line(), errDeclined)
		}
	}
	err := <-filled
	if errors.Is(err, huh.ErrUserAborted) || ctx.Err() != nil {
		return errDeclined
	}
	return err
}

// line ends the line that somebody was typing in.
func (p *program) line() error {
	_, err := io.WriteString(p.stdout, "\n")
	return err
}

// confirm asks whether to go on.
func (p *program) confirm(ctx context.Context, question, explanation, yes string) error {
	var goOn bool
	err := p.fill(ctx, huh.NewConfirm().
		Title(printable(question)).Description(printable(explanation)).Affirmative(yes).Negative("No").
		WithButtonAlignment(lipgloss.Left).Value(&goOn))
	if err == nil && !goOn {
		err = errDeclined
	}
	return err
}
