package process

import (
	"context"
	"net"
	"net/http"
	"time"
)

// FreeAddress is a loopback address that nothing listened on a moment ago. Another process may take it meanwhile.
func FreeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// askEvery is how often Answers asks.
const askEvery = 10 * time.Millisecond

// Answers returns when a URL is answered with 200, or the context's error when it ends before.
func Answers(ctx context.Context, url string) error {
	look := time.NewTicker(askEvery)
	defer look.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}
