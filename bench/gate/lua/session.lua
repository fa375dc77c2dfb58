-- The session cookie, checked as the gate checks it: its mac, in constant time, before Redis is asked.
-- OpenSSL by FFI: one context per process, keyed once, which is the fastest way that libcrypto offers.

local ffi = require "ffi"
local base64 = require "ngx.base64"
local settings = require "settings"

ffi.cdef [[
typedef struct hmac_ctx_st HMAC_CTX;
typedef struct evp_md_st EVP_MD;
typedef struct engine_st ENGINE;
const EVP_MD *EVP_sha256(void);
HMAC_CTX *HMAC_CTX_new(void);
int HMAC_Init_ex(HMAC_CTX *ctx, const void *key, int len, const EVP_MD *md, ENGINE *impl);
int HMAC_Update(HMAC_CTX *ctx, const unsigned char *data, size_t len);
int HMAC_Final(HMAC_CTX *ctx, unsigned char *md, unsigned int *len);
unsigned char *SHA256(const unsigned char *d, size_t n, unsigned char *md);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
unsigned char *ngx_hex_dump(unsigned char *dst, unsigned char *src, size_t len);
]]

local C = ffi.C
local ffi_string, find, sub = ffi.string, string.find, string.sub
local encode_base64url = base64.encode_base64url

local digest = ffi.new("unsigned char[32]")
local hex = ffi.new("unsigned char[64]")
local keyed = C.HMAC_CTX_new()
C.HMAC_Init_ex(keyed, settings.session_secret, #settings.session_secret, C.EVP_sha256(), nil)

-- A token and a mac, 43 characters of base64url each, with a dot before either.
local TAIL = 88

local _M = {}

-- Returns user id and SHA-256 (hex) of the token, or nothing if the cookie is not one of ours.
function _M.read(cookie)
    if not cookie then return end
    local dot = find(cookie, ".", 1, true)
    if not dot or #cookie ~= dot - 1 + TAIL then return end
    local uid, token, mac = sub(cookie, 1, dot - 1), sub(cookie, dot + 1, dot + 43), sub(cookie, dot + 45)
    local input = "sid.v1|" .. uid .. "|" .. token
    C.HMAC_Init_ex(keyed, nil, 0, nil, nil)
    C.HMAC_Update(keyed, input, #input)
    C.HMAC_Final(keyed, digest, nil)
    local expected = encode_base64url(ffi_string(digest, 32))
    if C.CRYPTO_memcmp(expected, mac, #expected) ~= 0 then return end
    C.SHA256(token, #token, digest)
    C.ngx_hex_dump(hex, digest, 32)
    return uid, ffi_string(hex, 64)
end

return _M
