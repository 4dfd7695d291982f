package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"curfew/internal/config"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

const (
	defaultServer = "http://127.0.0.1:8300"
	serverEnv     = "CURFEW_SERVER"
	tokenEnv      = "CURFEW_TOKEN"
	maxToken      = 64 << 10

	outputText = "text"
	outputJSON = "json"
)

// remote is a client of the server that the flags and the environment name.
func (p *program) remote() (*client.Client, error) {
	token, err := p.token()
	if err != nil {
		return nil, err
	}
	options := client.Options{Server: p.serverAddress(), Token: token, Version: version(), Trouble: p.tellTrouble}
	if token.IsZero() {
		options.Renew = p.loginToken
	}
	return client.New(options)
}

// tellTrouble says why nothing comes while a request is followed. A picture on the screen stays as it is.
func (p *program) tellTrouble(err error) {
	if !p.interactive() {
		_, _ = io.WriteString(
			p.stderr,
			printable(err.Error())+". Curfew keeps trying.\n",
		) // there is nowhere else to say it
	}
}

func (p *program) serverAddress() string {
	return strings.TrimRight(cmp.Or(p.server, p.getenv(serverEnv), defaultServer), "/")
}

// token is the one that the flags or the environment give; zero when they give none.
func (p *program) token() (config.Secret, error) {
	text := p.getenv(tokenEnv)
	if p.tokenFile != "" {
		read, err := readToken(p.tokenFile)
		if err != nil {
			return config.Secret{}, contract.Invalid("%v", err).
				At("token-file").
				Advise("name a file that you may read and that holds only your token")
		}
		if text = strings.TrimSpace(read); text == "" {
			return config.Secret{}, contract.Invalid("it is empty").
				At("token-file").
				Advise("name a file that holds your token")
		}
	}
	text = strings.TrimSpace(text)
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return config.Secret{}, contract.Invalid("it has characters that no token has").
			At("token").
			Advise("copy it again")
	}
	return config.SecretOf(text), nil
}

func readToken(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read from
	text, err := io.ReadAll(io.LimitReader(file, maxToken+1))
	if err == nil && len(text) > maxToken {
		err = fmt.Errorf("%s is larger than %d KiB", path, maxToken>>10)
	}
	return string(text), err
}

// answer prints what the API answered: as it came, or as text for people.
func answer[T any](p *program, answered client.Answer[T], err error, text func(*page, T)) error {
	if err != nil {
		return err
	}
	if p.output == outputJSON {
		return p.document(answered.JSON)
	}
	page := newPage()
	text(page, answered.Value)
	return page.print(p.stdout)
}

// document prints one JSON document on one line.
func (p *program) document(text []byte) error {
	var line bytes.Buffer
	if err := json.Compact(&line, text); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	line.WriteByte('\n')
	if _, err := p.stdout.Write(line.Bytes()); err != nil {
		return fmt.Errorf("print the answer: %w", err)
	}
	return nil
}

// object prints a value of the program's own as one JSON document.
func (p *program) object(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return p.document(text)
}

// requestID accepts an id in small letters too, as people type it.
func requestID(typed string) string { return strings.ToUpper(strings.TrimSpace(typed)) }
