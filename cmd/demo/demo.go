// Package demo plays Curfew's main job before one's eyes: a real Temporal server, Curfew's API and worker, and
// stand-ins of Lightrun and Jira, with two requests from the ask to the end.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"curfew/cmd/compose"
	"curfew/internal/config"
	"curfew/internal/reload"
)

// Options of a demonstration.
type Options struct {
	Temporal  string // address of the server to run on
	Namespace string
	WebUI     string // address of Temporal's Web UI; empty when it is not known
	Curfew    string // path of the program that people would type
	Out       io.Writer
	// Stay keeps everything running after the play, until the context ends.
	Stay bool
}

// Run plays, and says with an error what differed from what it should have been.
func Run(ctx context.Context, o Options) (err error) {
	dir, err := os.MkdirTemp("", "curfew-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := prepare(ctx, o); err != nil {
		return err
	}
	s, err := newStage(dir, o)
	if err != nil {
		return err
	}
	defer s.close()
	app, err := compose.Open(ctx, reload.Fixed(s.config), zap.NewNop())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	// The app goes on while the play's last words are told, and stops with the stage.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	failed := make(chan error, 2)
	go func() { failed <- app.Work(running, "demo") }()
	go func() { failed <- app.Serve(running, s.api) }()
	defer func() {
		stop()
		err = errors.Join(err, <-failed, <-failed)
	}()
	play := &play{stage: s, app: app, begin: time.Now(), out: o.Out}
	if err := play.play(ctx); err != nil {
		return fmt.Errorf("the demonstration differed from what it should have been: %w", err)
	}
	if o.Stay {
		play.sayWhere(o)
		<-ctx.Done()
	}
	return nil
}

// write puts a file of the demonstration's own into its folder.
func write(dir, name, text string) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)
}

// load reads the configuration that was written.
func load(dir string, kinds config.Kinds) (*config.Config, error) {
	return config.Load(filepath.Join(dir, "curfew.yaml"), kinds)
}
