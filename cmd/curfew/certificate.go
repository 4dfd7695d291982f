package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"curfew/starter/api"
	"curfew/starter/api/client"
	"curfew/workflows/contract"
)

const maxPublicKey = 16 << 10

// usualKeys are where OpenSSH itself looks for a key.
var usualKeys = []string{"id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"}

func (p *program) certificateCommand() *cobra.Command {
	var key, target string
	c := &cobra.Command{
		Use:   "ssh-cert ID",
		Short: "Get an SSH certificate for your active access",
		Long: `Get an SSH certificate for your active access.

curfew writes the certificate beside the public key, where ssh finds it: id_ed25519-cert.pub beside id_ed25519.pub. It expires with
the access; after an extension, get a new one. curfew does not read the private key.`,
		Example: "  curfew ssh-cert 01KAS3T4M5X6Y7Z8A9B0C1D2E3\n  ssh ada@web-1",
		Args:    cobra.ExactArgs(1),

		ValidArgsFunction: p.completeRequests(client.Filter{Mine: true, State: contract.StateActive}),
		RunE: func(c *cobra.Command, args []string) error {
			remote, err := p.remote()
			if err != nil {
				return err
			}
			path, line, err := publicKey(key)
			if err != nil {
				return err
			}
			issued, err := remote.Certify(
				c.Context(),
				requestID(args[0]),
				api.CertificateBody{Target: target, PublicKey: line},
			)
			if err != nil {
				return err
			}
			written := strings.TrimSuffix(path, ".pub") + "-cert.pub"
			if err := os.WriteFile(
				written,
				[]byte(strings.TrimSpace(issued.Value.Certificate)+"\n"),
				0o600,
			); err != nil {
				return fmt.Errorf("keep the certificate: %w", err)
			}
			return answer(p, issued, nil, func(page *page, certificate contract.Certificate) {
				page.row("certificate", written)
				page.row("ends", p.moment(certificate.Until))
			})
		},
	}
	c.Flags().
		StringVar(&key, "key", "", "`file` of your public key (default: the first of "+strings.Join(usualKeys, ", ")+" in ~/.ssh)")
	c.Flags().StringVar(&target, "target", "", "`target` to log in to, if the request has more than one")
	return c
}

// publicKey reads the key that is named, or the one that ssh would use.
func publicKey(named string) (path, line string, err error) {
	candidates := []string{named}
	if named == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", "", contract.Invalid("there is no home folder to look for one: %v", err).
				At("key").
				Advise("name your public key's file")
		}
		candidates = nil
		for _, name := range usualKeys {
			candidates = append(candidates, filepath.Join(home, ".ssh", name))
		}
	}
	for _, candidate := range candidates {
		if line, err = readPublicKey(candidate); err == nil {
			return candidate, line, nil
		}
	}
	return "", "", contract.Invalid("%v", err).
		At("key").
		Advise("name the .pub file of your key, or make one with ssh-keygen -t ed25519")
}

func readPublicKey(path string) (string, error) {
	if !strings.HasSuffix(path, ".pub") {
		return "", fmt.Errorf("%s is no .pub file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read from
	text, err := io.ReadAll(io.LimitReader(file, maxPublicKey+1))
	if err == nil && len(text) > maxPublicKey {
		err = fmt.Errorf("%s is larger than %d KiB", path, maxPublicKey>>10)
	}
	return string(text), err
}
