def fetched():
    import urllib.request

    return urllib.request.urlopen("http://127.0.0.1:9/", timeout=0.3)


def looped():
    import asyncio

    # The loop that cells wait in has no sockets; here it should get one.
    return asyncio.run(asyncio.start_server(lambda *_: None, "127.0.0.1", 0))


def connected():
    import http.client

    connection = http.client.HTTPConnection("localhost", 9, timeout=0.3)
    return connection.request("GET", "/") or 1


attempt(fetched, connected, looped)
