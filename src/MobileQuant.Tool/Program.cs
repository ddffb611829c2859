using MobileQuant.Tool;

using Interruption interruption = new();
return await MobileQuantCommand.InvokeAsync(args, Console.Out, Console.Error, interruption.Token).ConfigureAwait(false);
