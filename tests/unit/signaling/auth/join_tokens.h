#pragma once

// Made by PyJWT, for a clock that stands at kNow_s: judges of our reader that we did not write.
namespace join_tokens {

constexpr long kNow_s = 1800000000;

// clang-format off
constexpr const char* kPrivateKey =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgGz6pABn6hh/XaYm3\n"
    "/Ib1UbZSh8SiD+CvTDb4HCmzRBGhRANCAAQbfl/QHGCMOzFng966ddcViOfCpvHp\n"
    "tRj4fVNZX9+DeF569pT2n2/q7u7JcVuJHV5fMXq7JVGZgaMlZKTqpcXm\n"
    "-----END PRIVATE KEY-----\n";

constexpr const char* kPublicKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEG35f0BxgjDsxZ4PeunXXFYjnwqbx\n"
    "6bUY+H1TWV/fg3heevaU9p9v6u7uyXFbiR1eXzF6uyVRmYGjJWSk6qXF5g==\n"
    "-----END PUBLIC KEY-----\n";

constexpr const char* kKeyOfP384 =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDBW4tyEX0T9lZeSbbzn\n"
    "Whs1aamKgzP7XOPptxXtiixbAgeP8GvZKFzS5qQ2Ri6owxqhZANiAAQRR5qv1Qej\n"
    "sprpwohLngd7mXC09oAPI+WQhtGyLdt8Ybl/nQlqYEeSISqYUnJuxk6yG2VnarbT\n"
    "jlvBeGpi8lB3DK/Rrp4rYxpEiLLYFL7kqjITwXpaIhApNkSd0Loctss=\n"
    "-----END PRIVATE KEY-----\n";

constexpr const char* kGood =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjoiYm9hcmQiLCJyb2xlIjoibW9kZXJhdG9yIiw"
    "ibmFtZSI6Ilx1MDBjNG5uZSIsImV4cCI6MTgwMDAwMDYwMH0.3J_Gx9npdFj_AvRZpF8dbIPZjHu18kl5Tzb"
    "EEyWFD6622iRj3N73NUQDh7AuklAlOM5lEL60Svpqwr2sEjdb0Q";

constexpr const char* kPlain =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjoiYm9hcmQiLCJyb2xlIjoiZ3Vlc3QiLCJleHA"
    "iOjE4MDAwMDA2MDB9.l8pnvceWjhILXmW1PBEauKNSUYOhGpFwfswhdtUH6FqB5dHY5YnCLzV43s0iNOBNvm"
    "Vulof2EjX0kGR1Nqi2qQ";

constexpr const char* kOfAnotherKey =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjoiYm9hcmQiLCJyb2xlIjoibW9kZXJhdG9yIiw"
    "ibmFtZSI6Ilx1MDBjNG5uZSIsImV4cCI6MTgwMDAwMDYwMH0.Gk2rtsZ1zEMk4H0OUK25MCMq4DjHp0XvkMD"
    "27SnYvvO2dOi5-bOeHNP-yBKM0WODasgecQYuYcdZM9OSMwDacg";

constexpr const char* kByHs256 =
    "eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJyb29tIjogImJvYXJkIiwgInJvbGUiOiAibW9kZXJ"
    "hdG9yIiwgIm5hbWUiOiAiXHUwMGM0bm5lIiwgImV4cCI6IDE4MDAwMDA2MDB9.8__zpfHupqwe6RDn22MJx0"
    "IKJIzGQhvvtIBMiUk7a9A";

constexpr const char* kUnsigned =
    "eyJhbGciOiAibm9uZSIsICJ0eXAiOiAiSldUIn0.eyJyb29tIjogImJvYXJkIiwgInJvbGUiOiAibW9kZXJh"
    "dG9yIiwgIm5hbWUiOiAiXHUwMGM0bm5lIiwgImV4cCI6IDE4MDAwMDA2MDB9.";

constexpr const char* kCritical =
    "eyJhbGciOiJFUzI1NiIsImNyaXQiOlsiYjY0Il0sInR5cCI6IkpXVCJ9.eyJyb29tIjoiYm9hcmQiLCJyb2x"
    "lIjoibW9kZXJhdG9yIiwibmFtZSI6Ilx1MDBjNG5uZSIsImV4cCI6MTgwMDAwMDYwMH0.bNP27WSsbfBAKI3"
    "CSjXObo6_jbYPwblQt8aT1m8uSjYkwJ0UblfeVFC89_NXX9Zl8RxLZAFYvLohLUEVf18_ow";

constexpr const char* kNoRoom =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb2xlIjoibW9kZXJhdG9yIiwibmFtZSI6Ilx1MDBjNG5"
    "uZSIsImV4cCI6MTgwMDAwMDYwMH0.daWj1qJEe6u5kP9BxN7yz5exlITbLYTFTy8Wjr4av2DRX9agzXOAcbC"
    "5jwTi_gtkPT73fP36xMG-un-x9KW3gw";

constexpr const char* kNoRole =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjoiYm9hcmQiLCJuYW1lIjoiXHUwMGM0bm5lIiw"
    "iZXhwIjoxODAwMDAwNjAwfQ.VYa4M600nrIP8Ve4ngLgiAWHTq6bd6XiDo0bSw0Jb_tJd64NhyiWX3EQprly"
    "Z9d_aTe0rtVZ_RvHlgTrq-sC6g";

constexpr const char* kNoExp =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjoiYm9hcmQiLCJyb2xlIjoibW9kZXJhdG9yIiw"
    "ibmFtZSI6Ilx1MDBjNG5uZSJ9.rxqoETq2pfeJ_wrgpNIv8WMqYZd4Y-N81OC-EC9DPmkch7p1Q5zqzPnKdB"
    "i-MPINxeYVNasM41uZds9qLpJdPg";

constexpr const char* kExpText =
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogIkpXVCJ9.eyJyb29tIjogImJvYXJkIiwgInJvbGUiOiAibW9kZXJ"
    "hdG9yIiwgIm5hbWUiOiAiXHUwMGM0bm5lIiwgImV4cCI6ICJ0b21vcnJvdyJ9.m4K4VCapTP1OllVOhI2GfU"
    "Xr-VJZrc3bAeHT3osFxSlV2VLV_TQjetgOJ62xSGgKAv1k-Pmgw961NFYoH6km7A";

constexpr const char* kOddRole =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjoiYm9hcmQiLCJyb2xlIjoia2luZyIsIm5hbWU"
    "iOiJcdTAwYzRubmUiLCJleHAiOjE4MDAwMDA2MDB9.KjovWOipEAnrEK0_11tuol5UU5ris9TD4Uf4omXcgD"
    "Ca7SPRcQDSm4LnQRd9fJo1f6KzNbdCXf32i-Ka8Gpo0A";

constexpr const char* kTooLong =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjoiYm9hcmQiLCJyb2xlIjoibW9kZXJhdG9yIiw"
    "ibmFtZSI6Ilx1MDBjNG5uZSIsImV4cCI6MTgwMDA5MDAwMH0.JT0WTG9a9wm-ZU0NS75cPAq9iO1VUd-8k4L"
    "wHUoLEXfMTS4h2fZEVRZJ_DQZBnEj4DCwmiQ08PmO4QMW30pLvg";

constexpr const char* kNotYet =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjoiYm9hcmQiLCJyb2xlIjoibW9kZXJhdG9yIiw"
    "ibmFtZSI6Ilx1MDBjNG5uZSIsImV4cCI6MTgwMDAwMDYwMCwibmJmIjoxODAwMDAwMDYwfQ.ObY_gn-4SVAm"
    "e5chhaaTK-QQZ3po5VshoxxqzMlNSAguAXdUMyeSTruJBK094mxDho2Dn5fvOkkI_aNE3zP7cg";

constexpr const char* kSoonEnough =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjoiYm9hcmQiLCJyb2xlIjoibW9kZXJhdG9yIiw"
    "ibmFtZSI6Ilx1MDBjNG5uZSIsImV4cCI6MTgwMDAwMDYwMCwibmJmIjoxODAwMDAwMDIwLCJpc3MiOiJwb3J"
    "0YWwiLCJhdWQiOlsiYSJdLCJ4Ijp7InkiOlsxXX19.xhNleB_PekT-Tuj3j9wOhqAgrSQoREBwO9WN7kdurB"
    "fdKQh95BNLElzAUibr6RRtZFbGuKY4kYFjA6dTrdoPig";

constexpr const char* kNotObject =
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogIkpXVCJ9.WzFd.76PJIj3sEZ7iqmwPPduIqXCMfERS6JiIMeX2HL"
    "aGCYhBgPtIjuYQxP0qDaeO8kzI5E03de4TYnQyLSdkE_uxsw";

constexpr const char* kBrokenEnd =
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogIkpXVCJ9.eyJyb29tIjogImJvYXJkIiwgInJvbGUiOiAibW9kZXJ"
    "hdG9yIiwgIm5hbWUiOiAiXHUwMGM0bm5lIiwgImV4cCI6IDE4MDAwMDA2MDAuNX0.kjNKrmBbt19WOlZqCG0"
    "UtD67bf33HLsQcbBPznU9spE3NdZpaL3zJFXqwVI6ODnzvtp-ahT8uFcgqP0EXBHV2w";

constexpr const char* kNotBeforeText =
    "eyJhbGciOiAiRVMyNTYiLCAidHlwIjogIkpXVCJ9.eyJyb29tIjogImJvYXJkIiwgInJvbGUiOiAibW9kZXJ"
    "hdG9yIiwgIm5hbWUiOiAiXHUwMGM0bm5lIiwgImV4cCI6IDE4MDAwMDA2MDAsICJuYmYiOiAibm93In0.s6X"
    "fcOoxeiqEDiJPWxKNsLNaQbT2yfULOcQkBkdKGkZosze9Q9mFfmMKT8pA4ku725jqfjcmL5nXvDXSihYVqw";

constexpr const char* kChanged =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJyb29tIjogIm90aGVyIiwgInJvbGUiOiAibW9kZXJhdG9"
    "yIiwgIm5hbWUiOiAiXHUwMGM0bm5lIiwgImV4cCI6IDE4MDAwMDA2MDB9.3J_Gx9npdFj_AvRZpF8dbIPZjH"
    "u18kl5TzbEEyWFD6622iRj3N73NUQDh7AuklAlOM5lEL60Svpqwr2sEjdb0Q";

// clang-format on

}  // namespace join_tokens
