package ldap

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

const (
	attributeMember       = "member"
	attributeUniqueMember = "uniqueMember"
	attributeMemberUID    = "memberUid" // holds logins, not DNs
	attributeUID          = "uid"
)

var memberAttributes = []string{attributeMember, attributeUniqueMember, attributeMemberUID}

// Settings say how to reach a directory and how its groups are made, for the kind "ldap".
type Settings struct {
	// URL is ldaps://host, or ldap://host with StartTLS.
	URL      string `yaml:"url"`
	StartTLS bool   `yaml:"startTLS"`
	// RootCA holds the certificates to trust, in PEM; empty means those of the system. It is no secret, but referred to
	// like one: file:/etc/curfew/ca.pem.
	RootCA config.Secret `yaml:"rootCA"`
	// BindDN is Curfew's own entry.
	BindDN   string        `yaml:"bindDN"`
	Password config.Secret `yaml:"password"`
	// MaxConnections is how many connections are open at most; 0 means 8.
	MaxConnections int `yaml:"maxConnections"`
	// People says how accounts are looked up; empty when accounts are DNs.
	People People `yaml:"people"`
	// MemberAttribute is where groups keep their members; empty means member.
	MemberAttribute string `yaml:"memberAttribute"`
	// Placeholder is the DN that takes the place of a group's last member, where groups may not be empty.
	Placeholder string `yaml:"placeholder"`
}

// EntrySettings say how to reach a directory and where Curfew's own groups are, for the kind "ldap-entry". The fields
// that it shares with Settings mean the same.
type EntrySettings struct {
	URL            string        `yaml:"url"`
	StartTLS       bool          `yaml:"startTLS"`
	RootCA         config.Secret `yaml:"rootCA"`
	BindDN         string        `yaml:"bindDN"`
	Password       config.Secret `yaml:"password"`
	MaxConnections int           `yaml:"maxConnections"`
	People         People        `yaml:"people"`
	// Container is the DN that all groups of this target's entitlements lie under.
	Container string `yaml:"container"`
}

// People says how a login leads to a person's entry.
type People struct {
	// Base is the DN that all people lie under.
	Base string `yaml:"base"`
	// Attribute holds the login, like uid or mail.
	Attribute string `yaml:"attribute"`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	_, err := s.groups()
	return err
}

// Open makes the connector; it calls nobody.
func (s *Settings) Open() (target.Connector, error) {
	return opened(s.groups())
}

func (s *Settings) groups() (*groups, error) {
	opened, err := openDirectory(server{s.URL, s.StartTLS, s.RootCA, s.BindDN, s.Password, s.MaxConnections}, s.People)
	if err != nil {
		return nil, err
	}
	attribute := cmp.Or(s.MemberAttribute, attributeMember)
	switch {
	case !slices.Contains(memberAttributes, attribute):
		return nil, contract.Invalid("%q is not where groups keep their members", contract.Shorten(attribute, shown)).
			At("memberAttribute").
			Advise("write " + strings.Join(memberAttributes, ", "))
	case attribute == attributeMemberUID && s.People == People{}:
		return nil, contract.Invalid("is missing, and memberUid holds logins").
			At("people").
			Advise("write base and attribute, so that logins can be looked up")
	case attribute == attributeMemberUID && s.Placeholder != "":
		return nil, contract.Invalid("is a DN, and memberUid holds logins").
			At("placeholder").
			Advise("leave it out: a posixGroup may be empty")
	case s.Placeholder != "":
		if _, err := parseDN("placeholder", s.Placeholder); err != nil {
			return nil, err
		}
	}
	opened.withUID = attribute == attributeMemberUID
	return &groups{directory: opened, attribute: attribute, placeholder: s.Placeholder}, nil
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *EntrySettings) Validate() error {
	_, err := s.entries()
	return err
}

// Open makes the connector; it calls nobody.
func (s *EntrySettings) Open() (target.Connector, error) {
	return opened(s.entries())
}

func (s *EntrySettings) entries() (*entries, error) {
	opened, err := openDirectory(server{s.URL, s.StartTLS, s.RootCA, s.BindDN, s.Password, s.MaxConnections}, s.People)
	if err != nil {
		return nil, err
	}
	container, err := parseDN("container", s.Container)
	if err != nil {
		return nil, err
	}
	return &entries{directory: opened, container: container}, nil
}

var attributePattern = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

func (p People) validate() error {
	if p == (People{}) {
		return nil
	}
	if _, err := parseDN("people.base", p.Base); err != nil {
		return err
	}
	if !attributePattern.MatchString(p.Attribute) {
		return contract.Invalid("%q is not the name of an attribute", contract.Shorten(p.Attribute, shown)).
			At("people.attribute").
			Advise("name the attribute that holds logins, like uid")
	}
	return nil
}

// opened keeps a connector that could not be made from being taken for one.
func opened[C target.Connector](connector C, err error) (target.Connector, error) {
	if err != nil {
		return nil, err
	}
	return connector, nil
}
