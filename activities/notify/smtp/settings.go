package smtp

import (
	"errors"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"unicode"

	"curfew/activities/notify"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// accounts is what people's addresses are called in the directory.
const accounts = "mail"

// How mail goes to its server.
const (
	TLSStart  = "starttls"
	TLSAlways = "always"
	TLSNever  = "never"
)

// Kind describes mail servers: the kind "smtp".
func Kind() notify.Kind {
	return notify.Kind{
		Name:         "smtp",
		Title:        "mail",
		Accounts:     accounts,
		Settings:     func() notify.Settings { return new(Settings) },
		CheckAccount: checkAccount,
	}
}

// Settings describe one mail server, and as whom Curfew writes.
type Settings struct {
	Address  string        `yaml:"address" required:"write it like mail.example.com:587" doc:"Host and port of the server, like mail.example.com:587."`
	From     string        `yaml:"from" required:"write it like Curfew <curfew@example.com>" doc:"Who writes: an address, or a name and an address."`
	User     string        `yaml:"user" doc:"Curfew's user at the server, where it asks for one."`
	Password config.Secret `yaml:"password" doc:"The password of that user."`
	TLS      string        `yaml:"tls" default:"starttls" enum:"starttls,always,never" doc:"When the connection is encrypted; never is for a server on this machine that asks for no password."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	host, port, err := net.SplitHostPort(s.Address)
	faults := []error{strictyaml.Complete(s)}
	number, portErr := strconv.ParseUint(port, 10, 16)
	if s.Address != "" && (err != nil || portErr != nil || number == 0 || host == "") {
		faults = append(faults, contract.Invalid("is no host and port").
			At("address").
			Advise("write it like mail.example.com:587"))
	}
	if from, err := netmail.ParseAddress(s.From); s.From != "" && (err != nil || !isASCII(from.Address)) {
		faults = append(faults, contract.Invalid("is no mail address").
			At("from").
			Advise("write it like Curfew <curfew@example.com>"))
	}
	if s.Password.IsZero() != (s.User == "") {
		faults = append(faults, contract.Invalid("has one of user and password").
			Advise("write both user and password, or neither"))
	}
	if s.TLS == TLSNever && (s.User != "" || err == nil && !outbound.IsLoopback(host)) {
		faults = append(faults, contract.Invalid("would send mail and password in the clear").
			At("tls").
			Advise("write starttls or always; only a server on this machine that asks for no password may do without"))
	}
	return errors.Join(faults...)
}

// Open prepares the way to the server.
func (s *Settings) Open(string) (notify.Channel, error) { return New(*s) }

// checkAccount takes an address alone: a name beside it could hold another one.
func checkAccount(account string) error {
	if address, err := netmail.ParseAddress(account); err == nil && address.Address == account && isASCII(account) {
		return nil
	}
	return contract.Invalid("is no mail address").Advise("write it like ada@example.com")
}

// isASCII is true for addresses that all mail servers write the same way.
func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}
