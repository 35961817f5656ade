// curl.h as Swift can call it: options are set by functions with any number of arguments, which Swift does not import.
#pragma once
#include <curl/curl.h>

static inline CURLcode bulkhead_curl_set_text(CURL *transfer, CURLoption option, const char *value) {
    return curl_easy_setopt(transfer, option, value);
}

static inline CURLcode bulkhead_curl_set_number(CURL *transfer, CURLoption option, long value) {
    return curl_easy_setopt(transfer, option, value);
}

/// The list stays the caller's, and must outlive the transfer.
static inline CURLcode bulkhead_curl_set_headers(CURL *transfer, struct curl_slist *headers) {
    return curl_easy_setopt(transfer, CURLOPT_HTTPHEADER, headers);
}

/// What is to be sent; libcurl copies it.
static inline CURLcode bulkhead_curl_set_body(CURL *transfer, const void *bytes, long count) {
    CURLcode code = curl_easy_setopt(transfer, CURLOPT_POSTFIELDSIZE, count);
    return code != CURLE_OK ? code : curl_easy_setopt(transfer, CURLOPT_COPYPOSTFIELDS, (const char *)bytes);
}

static inline size_t bulkhead_curl_drop(char *bytes, size_t size, size_t count, void *context) {
    (void)bytes;
    size_t *left = (size_t *)context;
    if (size * count > *left) return 0;
    *left -= size * count;
    return size * count;
}

/// Answers are read and not kept; one longer than `*left` bytes ends the transfer. `left` must outlive it.
static inline CURLcode bulkhead_curl_drop_answer(CURL *transfer, size_t *left) {
    CURLcode code = curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, bulkhead_curl_drop);
    return code != CURLE_OK ? code : curl_easy_setopt(transfer, CURLOPT_WRITEDATA, (void *)left);
}

/// What `take` is given of the answer, with `context`; fewer bytes taken than given end the transfer. `context` must outlive it.
static inline CURLcode bulkhead_curl_give_answer(
    CURL *transfer, size_t (*take)(char *bytes, size_t size, size_t count, void *context), void *context) {
    CURLcode code = curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, take);
    return code != CURLE_OK ? code : curl_easy_setopt(transfer, CURLOPT_WRITEDATA, context);
}

/// The same for each line of the answer's head, and of its trailers.
static inline CURLcode bulkhead_curl_give_head(
    CURL *transfer, size_t (*take)(char *bytes, size_t size, size_t count, void *context), void *context) {
    CURLcode code = curl_easy_setopt(transfer, CURLOPT_HEADERFUNCTION, take);
    return code != CURLE_OK ? code : curl_easy_setopt(transfer, CURLOPT_HEADERDATA, context);
}

/// The status of the answer; 0 where there is none.
static inline long bulkhead_curl_status(CURL *transfer) {
    long status = 0;
    return curl_easy_getinfo(transfer, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

/// How many seconds the answer asks to wait; 0 where it says nothing.
static inline long long bulkhead_curl_retry_after(CURL *transfer) {
    curl_off_t seconds = 0;
    return curl_easy_getinfo(transfer, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK ? (long long)seconds : 0;
}

/// The next transfer that has ended, and how; NULL where none has.
static inline CURL *bulkhead_curl_next_ended(CURLM *transfers, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(transfers, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}

/// Certificates in PEM to trust besides those of the system's folder; libcurl copies them.
static inline CURLcode bulkhead_curl_set_authorities(CURL *transfer, const void *bytes, size_t count) {
    struct curl_blob blob = { .data = (void *)bytes, .len = count, .flags = CURL_BLOB_COPY };
    return curl_easy_setopt(transfer, CURLOPT_CAINFO_BLOB, &blob);
}

/// The descriptor of a transfer that is connected; -1 where there is none.
static inline int bulkhead_curl_socket(CURL *transfer) {
    curl_socket_t descriptor = CURL_SOCKET_BAD;
    return curl_easy_getinfo(transfer, CURLINFO_ACTIVESOCKET, &descriptor) == CURLE_OK ? (int)descriptor : -1;
}
