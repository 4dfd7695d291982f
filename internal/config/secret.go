package config

// Secret is a reference to a secret ("env:NAME" or "file:/path"), and the secret itself once it is resolved. It never
// shows itself: not when printed, marshalled or logged.
type Secret struct {
	reference string
	value     string
}

// SecretOf is a secret that is at hand already, as in tests and the demo.
func SecretOf(value string) Secret { return Secret{value: value} }

// Reveal returns the secret, for the one place that sends it.
func (s Secret) Reveal() string { return s.value }

// IsZero is true when there is no secret.
func (s Secret) IsZero() bool { return s.value == "" }

// String hides the secret.
func (s Secret) String() string { return "(secret)" }

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
