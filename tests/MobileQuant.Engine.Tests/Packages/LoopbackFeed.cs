using System.Net;
using System.Text;

namespace MobileQuant.Tests.Packages;

/// <summary>
/// A server on a loopback port that speaks as much of NuGet's protocol as fetching and pushing need: the service index, package
/// content, and publishing with a key. It can be made to misbehave.
/// </summary>
internal sealed class LoopbackFeed : IDisposable
{
    private readonly HttpListener _listener;
    private readonly Task _loop;
    private readonly Dictionary<string, byte[]> _packages = new(StringComparer.OrdinalIgnoreCase);

    public LoopbackFeed()
    {
        (_listener, Root) = Listen();
        _loop = Task.Run(ServeAsync);
    }

    /// <summary>The feed's address.</summary>
    public string Address => Root + "v3/index.json";

    /// <summary>What publishing must come with; null: nothing.</summary>
    public string? Key { get; set; }

    /// <summary>Called for the bytes of each package that is fetched.</summary>
    public Func<byte[], byte[]> Serving { get; set; } = bytes => bytes;

    /// <summary>Answers everything with this status, where it is set.</summary>
    public HttpStatusCode? Failing { get; set; }

    /// <summary>Requests for package content so far.</summary>
    public int Fetches { get; private set; }

    public IReadOnlyDictionary<string, byte[]> Packages => _packages;

    private string Root { get; }

    public void Add(string id, string version, byte[] package) => _packages[$"{id}/{version}"] = package;

    public void Dispose()
    {
        _listener.Close();
        _loop.Wait();
    }

    private static (HttpListener Listener, string Root) Listen()
    {
        // A free port cannot be asked for; another process may take it first.
        for (int attempt = 0; ; attempt++)
        {
            string root = $"http://127.0.0.1:{Random.Shared.Next(20000, 60000)}/";
            HttpListener listener = new();
            listener.Prefixes.Add(root);
            try
            {
                listener.Start();
                return (listener, root);
            }
            catch (HttpListenerException) when (attempt < 50)
            {
                listener.Close();
            }
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            try
            {
                Answer(context.Request, context.Response);
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
            {
                context.Response.Abort();
            }
        }
    }

    private void Answer(HttpListenerRequest request, HttpListenerResponse response)
    {
        string[] path = request.Url!.AbsolutePath.Trim('/').Split('/');
        if (Failing is { } status)
        {
            response.StatusCode = (int)status;
        }
        else if (path is ["v3", "index.json"])
        {
            Send(response, Encoding.UTF8.GetBytes($$"""
                {"version":"3.0.0","resources":[
                 {"@id":"{{Root}}content/","@type":"PackageBaseAddress/3.0.0"},
                 {"@id":"{{Root}}publish","@type":"PackagePublish/2.0.0"}]}
                """));
        }
        else if (path is ["content", string versionsOf, "index.json"])
        {
            string[] versions = [.. _packages.Keys.Where(key => key.StartsWith(versionsOf + "/", StringComparison.OrdinalIgnoreCase)).Select(key => $"\"{key.Split('/')[1]}\"")];
            response.StatusCode = versions.Length == 0 ? 404 : 200;
            Send(response, Encoding.UTF8.GetBytes($$"""{"versions":[{{string.Join(",", versions)}}]}"""));
        }
        else if (path is ["content", string id, string version, _] && _packages.TryGetValue($"{id}/{version}", out byte[]? package))
        {
            Fetches++;
            Send(response, Serving(package));
        }
        else if (path is ["publish", ..] && request.HttpMethod == "PUT")
        {
            response.StatusCode = (int)Publish(request);
        }
        else
        {
            response.StatusCode = 404;
        }
    }

    private HttpStatusCode Publish(HttpListenerRequest request)
    {
        using MemoryStream body = new();
        request.InputStream.CopyTo(body);
        if (Key is not null && request.Headers["X-NuGet-ApiKey"] != Key)
        {
            return HttpStatusCode.Forbidden;
        }

        // The one part of a multipart body: between the first empty line and the last boundary.
        byte[] bytes = body.ToArray();
        int start = bytes.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
        int end = bytes.AsSpan().LastIndexOf("\r\n--"u8);
        byte[] package = bytes[start..end];
        using NuGet.Packaging.PackageArchiveReader reader = new(new MemoryStream(package));
        NuGet.Packaging.Core.PackageIdentity identity = reader.GetIdentity();
        return _packages.TryAdd($"{identity.Id}/{identity.Version}", package) ? HttpStatusCode.Created : HttpStatusCode.Conflict;
    }

    private static void Send(HttpListenerResponse response, byte[] content)
    {
        response.ContentLength64 = content.Length;
        response.OutputStream.Write(content);
    }
}
