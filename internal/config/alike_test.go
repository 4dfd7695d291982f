package config

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// directory has two people with these accounts on a target, and these e-mail addresses.
func directory(one, other string) *Config {
	return &Config{
		OIDC: &OIDC{PersonClaim: ClaimEmail}, Targets: map[string]Target{"db": {}},
		People: map[string]Person{
			"one":   {Login: one, Accounts: map[string]string{"db": one}},
			"other": {Login: other, Accounts: map[string]string{"db": other}},
		},
	}
}

func TestWhoIsTwoPeopleWhenTheFileIsReadIsNeverOneWhenItIsUsed(t *testing.T) {
	t.Parallel()
	letters := rapid.SampledFrom(
		[]rune{'a', 'A', 's', 'S', 'ſ', 'k', 'K', '\u212a', 'ä', 'Ä', 'ß', 'ẞ', 'i', 'I', 'ı', 'İ', '@', '.'},
	)
	rapid.Check(t, func(rt *rapid.T) {
		one := string(rapid.SliceOfN(letters, 1, 4).Draw(rt, "one"))
		other := strings.Map(func(r rune) rune { // mostly a letter that is the same to some system
			for range rapid.IntRange(0, 3).Draw(rt, "steps") {
				r = unicode.SimpleFold(r)
			}
			return r
		}, one) + rapid.SampledFrom([]string{"", "", "", "x"}).Draw(rt, "more")
		c, r := directory(one, other), newReading(Source{})
		r.accounts(c, path{"people"})
		accepted := len(r.Mistakes) == 0
		logins := newReading(Source{})
		logins.logins(c, path{"people"})
		require.Equal(rt, accepted, len(logins.Mistakes) == 0, "accounts and logins go by one rule: %q, %q", one, other)
		if strings.EqualFold(one, other) {
			require.False(rt, accepted, "a system may take %q for %q", one, other)
		}
		for _, presented := range []string{one, other, strings.ToUpper(one), strings.ToLower(other)} {
			byAccount, _ := c.PersonByAccount("db", presented)
			byLogin, _ := c.PersonByLogin(presented)
			if accepted {
				require.Equal(rt, byAccount, byLogin, "%q of %q and %q", presented, one, other)
			}
		}
		if accepted {
			found, _ := c.PersonByAccount("db", one)
			require.Equal(rt, "one", found)
			found, _ = c.PersonByAccount("db", other)
			require.Equal(rt, "other", found)
		}
	})
}

func TestAnAccountThatOnlyLooksLikeSomebodysIsNobodys(t *testing.T) {
	t.Parallel()
	c := directory("sam", "kim")
	for presented, person := range map[string]string{"sam": "one", "SAM": "one", "ſam": "", "\u212aim": "", "Kim": "other", "": ""} {
		found, known := c.PersonByAccount("db", presented)
		require.Equal(t, person, found, presented)
		require.Equal(t, person != "", known)
		found, _ = c.PersonByLogin(presented)
		require.Equal(t, person, found, presented)
	}
}

func TestAnAccountHasNoSpaceAroundIt(t *testing.T) {
	t.Parallel()
	c, r := directory("ada", "ada "), newReading(Source{})
	r.accounts(c, path{"people"})
	require.Len(t, r.Mistakes, 1)
	require.Equal(t, "people.other.accounts.db", r.Mistakes[0].Field)
}
