package compose

import (
	"context"
	"sync"

	"go.uber.org/zap"

	"curfew/activities/kinds"
	"curfew/activities/notify"
	"curfew/internal/config"
)

// channels opens those on which people are told.
func (app *App) channels() map[string]notify.Channel {
	open, faults := kinds.OpenChannels(app.config.Current().Notify, app.config.Current().Server.URL)
	for name, fault := range faults {
		app.log.Error("a channel can't be used; the others are", zap.String("channel", name), zap.Error(fault))
	}
	return open
}

// ChannelAnswer is what a channel said when it was asked whether people can be told on it.
type ChannelAnswer struct {
	Channel string `json:"channel"`
	Kind    string `json:"kind"`
	Fault   string `json:"fault,omitempty"` // why they can't
}

// AskChannels tries the credentials of every channel, all at once, and tells nobody anything.
func AskChannels(ctx context.Context, configured *config.Config) []ChannelAnswer {
	open, faults := kinds.OpenChannels(configured.Notify, configured.Server.URL)
	var all sync.WaitGroup
	answers := make([]ChannelAnswer, len(configured.Notify))
	for i, name := range configured.ChannelNames() {
		answers[i] = ChannelAnswer{Channel: name, Kind: configured.Notify[name].Kind}
		if fault, broken := faults[name]; broken {
			answers[i].Fault = fault.Error()
			continue
		}
		all.Go(func() {
			within, cancel := context.WithTimeout(ctx, askWithin)
			defer cancel()
			if err := open[name].Check(within); err != nil {
				answers[i].Fault = err.Error()
			}
		})
	}
	all.Wait()
	return answers
}
