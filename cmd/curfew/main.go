// Command curfew asks for access to production, decides about it and takes it away again; it is also the server and the
// worker behind that.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], surroundings{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now, zone: time.Local,
	})
	stop()
	os.Exit(code)
}

// surroundings is what the program knows of the world around it.
type surroundings struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time
	zone           *time.Location // for the times that people read
}

// run does what the arguments say and returns the exit code.
func run(ctx context.Context, args []string, around surroundings) int {
	p := &program{surroundings: around}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(around.stdin)
	root.SetOut(around.stdout)
	root.SetErr(around.stderr)
	err := root.ExecuteContext(ctx)
	if err != nil {
		p.complain(err)
	}
	return exitCode(err, p.understood)
}
