using System.Text;
using MobileQuant.Tool;

using Interruption interruption = new();
using TextWriter output = Console.IsOutputRedirected ? Redirected() : Console.Out;
return await MobileQuantCommand.InvokeAsync(args, output, Console.Error, interruption.Token).ConfigureAwait(false);

// Programs read UTF-8 whatever the console's code page is.
static StreamWriter Redirected() => new(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
